"""What X-Ray keeps of traces, and how it lies in the store.

segments   (trace id, id of a segment or subsegment)   Stored: the document, sealed when the account has a key
traces     (trace id)                                  Known: when it was, and whether it can be searched for
times      (second, trace id)                          nothing: the index by time
days       (day, trace id)                             nothing: which traces came on a day, for them to go 30 days later
"""

from __future__ import annotations

from fogbank.kernel import Context, Record
from fogbank.services.xray.service import service


class Stored(Record, frozen=True):
    """`key` is the number of the data key that the document is sealed with, 0 for none; `is_whole`: it is not in progress."""

    document: bytes
    is_whole: bool
    key: int = 0


class Known(Record, frozen=True):
    """A trace. Times are epoch seconds: `time` is that in its id, `began` and `ended` are those of its segments, `received` is
    when the first of them came. `is_indexed`: it can be searched for, and not only retrieved."""

    time: int
    began: float
    ended: float
    received: float
    revision: int = 1
    is_indexed: bool = True


segments = service.collection("segments", Stored)
traces = service.collection("traces", Known)
times = service.collection("times", bytes)
days = service.collection("days", bytes)


def arn(ctx: Context, *parts: str) -> str:
    """`arn(ctx, "group", "shop", "4XY...")`"""
    return f"arn:{ctx.partition}:xray:{ctx.region}:{ctx.account}:{'/'.join(parts)}"
