"""Segments that services of AWS send to X-Ray of the requests that they serve, without anybody's permission.

They are gathered for a moment in each process and kept together.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from fogbank.kernel.gathering import Gathering

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context

log = logging.getLogger("fogbank.tracing")

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


class Gatherer(Gathering):
    """Segments of this process that are not kept yet, by account and region."""

    moment = 0.05

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self._waiting: dict[tuple[str, str], list[Document]] = {}

    def add(self, account: str, region: str, documents: list[Document]) -> None:
        self._waiting.setdefault((account, region), []).extend(documents)
        self._begin()

    @property
    def _gathered(self) -> tuple[dict[Any, Any], ...]:
        return (self._waiting,)

    async def _put_all(self) -> None:
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
