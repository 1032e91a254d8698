"""Who looks at the answers to a bucket's requests: access logs, request metrics, storage class analysis.

An observer is known by the name of the bucket's configuration that it is about, and is asked only about buckets that have that name among
their `features`, so that the others cost nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fogbank.http import Request
from fogbank.kernel import Answered, Context
from fogbank.services.s3.records import Bucket, noted
from fogbank.services.s3.service import service

Observer = Callable[[Context, Bucket, Answered], Awaitable[None]]

_observers: dict[str, Observer] = {}


def observe(feature: str) -> Callable[[Observer], Observer]:
    """Declare who looks at answers of buckets with that feature; outside of any transaction."""

    def declare(observer: Observer) -> Observer:
        _observers[feature] = observer
        return observer

    return declare


def tell(ctx: Context, answered: Answered) -> Awaitable[None] | None:
    home = noted(answered.params)
    if home is None or ctx.request is None or _observers.keys().isdisjoint(home.bucket.features):
        return None
    return _tell_observers(ctx, home.bucket, answered)


async def _tell_observers(ctx: Context, bucket: Bucket, answered: Answered) -> None:
    for feature in bucket.features:
        observer = _observers.get(feature)
        if observer is not None:
            await observer(ctx, bucket, answered)


service.after.append(tell)


# -- what observers count


def bytes_sent(request: Request, answered: Answered) -> int:
    """The bytes of an answer's body."""
    if request.method == "HEAD":
        return 0
    sent = next((value for name, value in answered.response.headers if name.lower() == "content-length"), None)
    body = answered.response.body
    return int(sent) if sent is not None else len(body) if isinstance(body, bytes) else 0


def bytes_received(request: Request) -> int:
    """The bytes of a request's body as its headers tell them, without what frames them."""
    return int(request.headers.get("x-amz-decoded-content-length") or request.headers.get("content-length") or 0)
