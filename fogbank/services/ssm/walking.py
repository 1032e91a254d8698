"""Going through parameters in the order of their names, some at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fogbank.kernel import Context
from fogbank.services.ssm.names import is_below
from fogbank.services.ssm.parameter import Parameter, parameters

_AT_ONCE = 100


async def all_after(ctx: Context, name: str, starts_with: str | None = None) -> AsyncIterator[Parameter]:
    """The parameters whose names come after `name` ("" for all), and begin with `starts_with`."""
    after: tuple[str, ...] | None = (name,) if name else None
    while True:
        rows = await parameters.scan(ctx, starts_with=starts_with, after=after, limit=_AT_ONCE)
        for parameter in rows:
            yield parameter
        if len(rows) < _AT_ONCE:
            return
        after = (rows[-1].name,)


async def below(ctx: Context, prefix: str, recursive: bool, after: str) -> AsyncIterator[Parameter]:
    """The parameters under the path `prefix` (`/a/`) that come after the name `after`. Names without a slash are under `/`."""
    beginning = None if prefix == "/" else prefix
    async for parameter in all_after(ctx, after, beginning):
        if is_below(parameter.name, prefix, recursive):
            yield parameter
