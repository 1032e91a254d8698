"""Segments that services of AWS send to X-Ray of the requests that they serve, without anybody's permission.

They are gathered for a moment in each process and kept together, so that a traced request pays next to nothing. What was gathered last
is lost when the process is killed, as AWS promises no trace, either.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context

log = logging.getLogger("fogbank.tracing")

_GATHERED_SECONDS = 0.05

Document = dict[str, Any]
"""A segment, or a subsegment: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html"""


def note(ctx: Context, documents: list[Document]) -> None:
    """Have segments kept soon, in the account and region of the context. Not in a transaction."""
    gatherer_of(ctx.app).add(ctx.account, ctx.region, documents)


def gatherer_of(app: App) -> Gatherer:
    return app.engines.get("tracing", Gatherer)


def parts_of(header: str) -> dict[str, str]:
    """The parts of a tracing header: `{"Root": "1-...", "Parent": "53995c3f42cd8ad8", "Sampled": "1"}`."""
    pairs = (part.strip().partition("=") for part in header.split(";") if "=" in part)
    return {name: value for name, _, value in pairs}


class Gatherer:
    """Segments of this process that are not kept yet, by account and region."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._waiting: dict[tuple[str, str], list[Document]] = {}
        self._keeping: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    def add(self, account: str, region: str, documents: list[Document]) -> None:
        self._waiting.setdefault((account, region), []).extend(documents)
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.ensure_future(self._keep_soon())

    async def _keep_soon(self) -> None:
        while self._waiting:
            await asyncio.sleep(_GATHERED_SECONDS)
            await self.keep()

    async def keep(self) -> None:
        """Keep them now."""
        async with self._turn:
            await self._keep_all()

    async def forget(self, account: str | None) -> None:
        """Keep nothing of the account any more, or of no account. When this returns, what was being kept already is there."""
        for place in [place for place in self._waiting if account in (None, place[0])]:
            del self._waiting[place]
        async with self._turn:
            pass

    async def _keep_all(self) -> None:
        waiting, self._waiting = self._waiting, {}
        xray = self._app.services.get("xray")
        if xray is None:
            return
        for (account, region), documents in waiting.items():
            scope = self._app.system_context("xray", account, region)
            try:
                await scope.transact(xray.provided["segments"], scope, documents)
            except Exception:
                log.exception("%d segments are lost", len(documents))

    async def close(self) -> None:
        await self.keep()  # also what is being kept already
        if self._keeping is not None:
            self._keeping.cancel()
