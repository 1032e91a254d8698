"""How events look to who may not unmask them."""

from __future__ import annotations

from typing import NamedTuple

from fogbank.kernel import Context, data_identifiers
from fogbank.services.logs.account import rules
from fogbank.services.logs.protection import identifiers
from fogbank.services.logs.records import LogGroup, Request, arn_of
from fogbank.services.logs.rulings import Rulings


class Lens(NamedTuple):
    group: str
    rulings: Rulings

    def shown(self, message: str, ingested: int) -> str:
        """The message with what was sensitive when it came in (ms) masked."""
        for ruling in self.rulings:
            if ruling.counts(self.group, ingested):
                message = data_identifiers.masked(message, identifiers.of_policy(ruling.document))
        return message


async def lens_of(ctx: Context, group: LogGroup) -> Lens | None:
    """None where nothing is masked, which is the rule."""
    found = await rules.get(ctx)
    if not group.protections and (found is None or not found.protections):
        return None
    return Lens(group.name, (*group.protections, *(found.protections if found is not None else ())))


async def asked_for(ctx: Context, group: LogGroup, request: Request) -> Lens | None:
    """The lens for a request, which may want to do without. Raises AccessDenied when the caller may not."""
    if not request.get("unmask"):
        return await lens_of(ctx, group)
    await ctx.authorise("logs:Unmask", f"{arn_of(ctx, group.name)}:log-stream:", tags=group.tags)
    return None
