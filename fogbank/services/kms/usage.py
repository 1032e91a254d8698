"""When a key was last used: noted by the operations that compute with it, told by GetKeyLastUsage.

usages   (key id)   Usage

A use is noted when the last note is older than NOTE_SECONDS: a key that encrypts every object of a busy bucket is not written each time,
and its users do not wait for one another's notes.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.kms.access import ON_KEY, find_own
from fogbank.services.kms.references import Target
from fogbank.services.kms.service import service

Request = dict[str, Any]

NOTE_SECONDS = 60.0


class Usage(Record, frozen=True):
    operation: str
    at: float
    request_id: str


usages = service.collection("usages", Usage, cached=True)


async def note(ctx: Context, target: Target, operation: str) -> None:
    """The key was used, by the request of `ctx`."""
    scope, key_id = target.scope, target.key.id
    last = await usages.get(scope, key_id)
    if last is None or ctx.now() - last.at >= NOTE_SECONDS:
        usages.put(scope, Usage(operation, ctx.now(), ctx.request_id), key_id)


@service.operation(**ON_KEY)
async def get_key_last_usage(ctx: Context, request: Request) -> Request:
    """The last use of a key, up to a minute late. API_GetKeyLastUsage."""
    target = await find_own(ctx, request, "GetKeyLastUsage")
    key, usage = target.key, await usages.get(ctx, target.key.id)
    shown = {}
    if usage is not None:
        shown = {"Operation": usage.operation, "Timestamp": usage.at, "KmsRequestId": usage.request_id}
    return {
        "KeyId": key.id,
        "KeyLastUsage": shown,
        "TrackingStartDate": key.created,
        "KeyCreationDate": key.created,
    }
