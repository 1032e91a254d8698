"""Access keys of users and of the root. A key names its account, so it is found in that account, whoever asks.

Keys lie under their ids; which ones a user has is in `_by_holder`, under (user id, or the account's number for its root; key id).
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.identity.credentials import account_of
from fogbank.kernel import Context, Record
from fogbank.services.iam import errors, ids, limits, uses
from fogbank.services.iam.listing import listed
from fogbank.services.iam.service import definitions, service
from fogbank.services.iam.users import User, caller_or_named, resource_of_caller_or_named, users

Request = dict[str, Any]


class AccessKey(Record, frozen=True):
    """holder: a user's id, or the account's number for its root; created: epoch seconds."""

    id: str
    secret: str
    holder: str
    created: int
    active: bool = True


_keys = definitions("access_keys", AccessKey, cached=True)
_by_holder = service.collection("holder_access_keys", bytes, scope="account")


async def find(ctx: Context, access_key: str) -> AccessKey | None:
    """The key of that id, in whichever account it is."""
    account = account_of(access_key)
    return None if account is None else await _keys.get(ctx.at(account=account), access_key)


async def keys_of(ctx: Context, holder: str) -> list[AccessKey]:
    """The keys of a user (by its id) or of the root (by the account's number), the oldest first."""
    rows = await _by_holder.items(ctx, (str,), holder)
    found = [await _keys.get(ctx, str(key[0])) for key, _ in rows]
    return sorted((key for key in found if key is not None), key=lambda key: (key.created, key.id))


async def _has_keys(ctx: Context, user_id: str) -> bool:
    return await _by_holder.count(ctx, user_id, limit=1) > 0


users.belongings.append(("delete access keys", _has_keys))


def _holder(ctx: Context, user: User | None) -> str:
    return ctx.account if user is None else user.id


def _described(user: User | None, key: AccessKey) -> Request:
    """An AccessKeyMetadata of the API."""
    return {
        "UserName": None if user is None else user.name,
        "AccessKeyId": key.id,
        "Status": "Active" if key.active else "Inactive",
        "CreateDate": key.created,
    }


async def _find_of(ctx: Context, user: User | None, access_key: str) -> AccessKey:
    """The key, if it is the user's. Raises NoSuchEntity."""
    key = await _keys.get(ctx, access_key)
    if key is None or key.holder != _holder(ctx, user):
        raise errors.no_such_access_key(access_key)
    return key


@service.operation(resource=resource_of_caller_or_named)
async def create_access_key(ctx: Context, request: Request) -> Request:
    """A new key, with its secret, which is never shown again. API_CreateAccessKey."""
    user = await caller_or_named(ctx, request)
    holder = _holder(ctx, user)
    if await _by_holder.count(ctx, holder) >= limits.ACCESS_KEYS_PER_USER:
        raise errors.quota_exceeded("AccessKeysPerUser", limits.ACCESS_KEYS_PER_USER)
    key = AccessKey(ids.access_key(ctx), ids.secret(), holder, int(ctx.now()))
    _keys.put(ctx, key, key.id)
    _by_holder.put(ctx, b"", holder, key.id)
    return {"AccessKey": {**_described(user, key), "SecretAccessKey": key.secret}}


@service.operation(resource=resource_of_caller_or_named)
async def list_access_keys(ctx: Context, request: Request) -> Request:
    """API_ListAccessKeys."""
    user = await caller_or_named(ctx, request)
    shown = [_described(user, key) for key in await keys_of(ctx, _holder(ctx, user))]
    return listed(request, "AccessKeyMetadata", shown, lambda key: f"{key['CreateDate']:012}{key['AccessKeyId']}")


@service.operation(resource=resource_of_caller_or_named)
async def update_access_key(ctx: Context, request: Request) -> Request:
    """Make a key active or inactive. API_UpdateAccessKey."""
    key = await _find_of(ctx, await caller_or_named(ctx, request), request["AccessKeyId"])
    if request["Status"] == "Expired":
        raise errors.invalid_input("The status Expired cannot be set.")
    _keys.put(ctx, replace(key, active=request["Status"] == "Active"), key.id)
    return {}


@service.operation(resource=resource_of_caller_or_named)
async def delete_access_key(ctx: Context, request: Request) -> Request:
    """API_DeleteAccessKey."""
    key = await _find_of(ctx, await caller_or_named(ctx, request), request["AccessKeyId"])
    _keys.delete(ctx, key.id)
    _by_holder.delete(ctx, key.holder, key.id)
    return {}


# -- when a key was last used


async def _resource_of_key(ctx: Context, request: Request) -> str:
    key = await find(ctx, request["AccessKeyId"])
    user = None if key is None else await users.identified(ctx, key.holder)
    return users.arn_of(ctx, "/", "*") if user is None else users.arn(ctx, user)


@service.operation(resource=_resource_of_key)
async def get_access_key_last_used(ctx: Context, request: Request) -> Request:
    """API_GetAccessKeyLastUsed."""
    key = await find(ctx, request["AccessKeyId"])
    if key is None or account_of(key.id) != ctx.account:
        raise errors.access_key_of_nobody(ctx.principal.arn, request["AccessKeyId"])
    user = await users.identified(ctx, key.holder)
    return {
        "UserName": None if user is None else user.name,
        "AccessKeyLastUsed": await uses.of_access_key(ctx, key.id),
    }
