"""Which minutes of which metrics have changed since metric streams were last written: noted only while a stream is running.

streaming  ()                                        how many streams are running
changes    (second, namespace, name, dimensions)     b""
"""

from __future__ import annotations

from fogbank.kernel import Context, Record
from fogbank.services.cloudwatch.service import service

_MINUTE = 60


class Streaming(Record, frozen=True):
    running: int


streaming = service.collection("streaming", Streaming, cached=True)
changes = service.collection("stream_changes", bytes)


async def note(ctx: Context, key: tuple[str, str, str], second: int) -> None:
    """A metric has changed, by the key of its row. Streams tell of it when the minute is over."""
    if await streaming.get(ctx) is None:
        return
    minute = second // _MINUTE * _MINUTE
    if await changes.get(ctx, minute, *key) is None:
        changes.put(ctx, b"", minute, *key)
        await ctx.schedule("write_streams", {}, at=int(ctx.now()) // _MINUTE * _MINUTE + _MINUTE, key="")
