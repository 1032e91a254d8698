"""How many executions of pipes there are at once in this process, by account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from fogbank.app import App
from fogbank.engines import Engine
from fogbank.kernel import Context


@contextmanager
def one_more(ctx: Context) -> Iterator[int]:
    """An execution takes place inside; gives how many there are with it."""
    counts = ctx.app.engines.get("pipes", _Running).counts
    counts[ctx.account] += 1
    try:
        yield counts[ctx.account]
    finally:
        counts[ctx.account] -= 1
        if not counts[ctx.account]:
            del counts[ctx.account]


class _Running(Engine):
    def __init__(self, app: App) -> None:
        self.counts: Counter[str] = Counter()
