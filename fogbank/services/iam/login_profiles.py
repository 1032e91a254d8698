"""Login profiles: the passwords of users, of which only salted hashes are kept.

A profile lies under the user's unique id. `former` are hashes of earlier passwords, the latest first, as many as a policy can ask for.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any, Final

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.services.iam import passwords, refusals
from fogbank.services.iam.errors import user_name_required
from fogbank.services.iam.service import service
from fogbank.services.iam.users import User, caller_or_named, resource_of_caller_or_named, users

Request = dict[str, Any]

_FORMER: Final = 24
_SALT_BYTES: Final = 16


class Hash(Record, frozen=True):
    """A password's hash: scrypt (RFC 7914) with N=4096, r=8, p=1."""

    salt: bytes
    digest: bytes

    @classmethod
    def of(cls, password: str) -> Hash:
        salt = secrets.token_bytes(_SALT_BYTES)
        return cls(salt, _scrypt(password, salt))

    def fits(self, password: str) -> bool:
        return hmac.compare_digest(self.digest, _scrypt(password, self.salt))


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=4096, r=8, p=1)


class LoginProfile(Record, frozen=True):
    """created, changed: epoch seconds; changed is when the password was last set."""

    created: int
    changed: int
    hash: Hash
    reset_required: bool = False
    former: tuple[Hash, ...] = ()


profiles = service.collection("login_profiles", LoginProfile, scope="account")


async def has_profile(ctx: Context, user_id: str) -> bool:
    return await profiles.get(ctx, user_id) is not None


users.belongings.append(("delete login profile", has_profile))


async def _find(ctx: Context, user: User) -> LoginProfile:
    profile = await profiles.get(ctx, user.id)
    if profile is None:
        raise refusals.no_login_profile(user.name)
    return profile


async def _user(ctx: Context, request: Request) -> User:
    """The user that is named, else the one who calls. The root has to name one."""
    user = await caller_or_named(ctx, request)
    if user is None:
        raise user_name_required()
    return user


def _described(user: User, profile: LoginProfile) -> Request:
    return {
        "UserName": user.name,
        "CreateDate": profile.created,
        "PasswordResetRequired": profile.reset_required,
    }


@service.operation(resource=resource_of_caller_or_named)
async def create_login_profile(ctx: Context, request: Request) -> Request:
    """Give a user a password. API_CreateLoginProfile."""
    user = await _user(ctx, request)
    if "Password" not in request:
        raise refusals.password_required()
    if await has_profile(ctx, user.id):
        raise refusals.login_profile_exists(user.name)
    passwords.check(await passwords.policies.get(ctx), request["Password"], ctx.account)
    now = int(ctx.now())
    profile = LoginProfile(now, now, Hash.of(request["Password"]), request.get("PasswordResetRequired", False))
    profiles.put(ctx, profile, user.id)
    return {"LoginProfile": _described(user, profile)}


@service.operation(resource=resource_of_caller_or_named)
async def get_login_profile(ctx: Context, request: Request) -> Request:
    """API_GetLoginProfile."""
    user = await _user(ctx, request)
    return {"LoginProfile": _described(user, await _find(ctx, user))}


@service.operation(resource=resource_of_caller_or_named)
async def delete_login_profile(ctx: Context, request: Request) -> Request:
    """API_DeleteLoginProfile."""
    user = await _user(ctx, request)
    await _find(ctx, user)
    profiles.delete(ctx, user.id)
    return {}


@service.operation(**users.one)
async def update_login_profile(ctx: Context, request: Request) -> Request:
    """Set a user's password. API_UpdateLoginProfile."""
    user = await users.find(ctx, request["UserName"])
    profile = await _find(ctx, user)
    if "PasswordResetRequired" in request:
        profile = replace(profile, reset_required=request["PasswordResetRequired"])
    if "Password" in request:
        profile = await _with_password(ctx, profile, request["Password"])
    profiles.put(ctx, profile, user.id)
    return {}


@service.operation(resource=lambda ctx, request: ctx.principal.policy_arn, policy=passwords.open_to_users)
async def change_password(ctx: Context, request: Request) -> Request:
    """Change the caller's own password. API_ChangePassword."""
    if ctx.principal.kind != "user":
        raise refusals.only_users_change_passwords()
    user = await users.find(ctx, ctx.principal.name)
    profile = await _find(ctx, user)
    if not profile.hash.fits(request["OldPassword"]):
        raise refusals.wrong_old_password()
    changed = await _with_password(ctx, profile, request["NewPassword"])
    profiles.put(ctx, replace(changed, reset_required=False), user.id)
    return {}


async def _with_password(ctx: Context, profile: LoginProfile, password: str) -> LoginProfile:
    """The profile with another password. Raises PasswordPolicyViolation."""
    policy = await passwords.policies.get(ctx)
    passwords.check(policy, password, ctx.account)
    known = (profile.hash, *profile.former)[:_FORMER]
    refused = known[: policy.reuse_prevention] if policy is not None else ()
    if any(hash.fits(password) for hash in refused):
        raise refusals.password_reused()
    return replace(profile, hash=Hash.of(password), former=known, changed=int(ctx.now()))
