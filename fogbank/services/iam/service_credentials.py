"""Service-specific credentials of users: a name and a password for one service, or an API key. They lie under (user id, credential id).

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_service-specific-creds.html. Of the secrets, only digests are kept: they
are random enough to need no salt.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode
from typing import Any, Final

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.services.iam import ids, refusals
from fogbank.services.iam.errors import invalid_input, quota_exceeded
from fogbank.services.iam.listing import listed
from fogbank.services.iam.service import service
from fogbank.services.iam.users import User, caller_or_named, resource_of_caller_or_named, users

Request = dict[str, Any]

CREDENTIALS_PER_SERVICE: Final = 2
_PREFIX: Final = "ACCA"
_SECRET_BYTES: Final = 32
_DAY: Final = 86_400

# Services with a name and password, and those with API keys: how their keys begin.
_PASSWORDS: Final = ("codecommit.amazonaws.com", "cassandra.amazonaws.com")
_API_KEYS: Final = {"bedrock.amazonaws.com": "ABSK", "logs.amazonaws.com": "ACWL"}


class ServiceCredential(Record, frozen=True):
    """name: the user name or the key's public part; digest: SHA-256 of the secret; created, expires: epoch seconds."""

    id: str
    user: str
    service: str
    name: str
    digest: bytes
    created: int
    expires: int | None = None
    active: bool = True

    @property
    def is_key(self) -> bool:
        return self.service in _API_KEYS

    def status(self, now: float) -> str:
        if self.expires is not None and now >= self.expires:
            return "Expired"
        return "Active" if self.active else "Inactive"


credentials = service.collection("service_credentials", ServiceCredential, scope="account")


async def _has_credentials(ctx: Context, user_id: str) -> bool:
    return await credentials.count(ctx, user_id, limit=1) > 0


users.belongings.append(("delete service specific credentials", _has_credentials))


# -- as the API shows them


def _metadata(ctx: Context, user: User, credential: ServiceCredential) -> Request:
    name = "ServiceCredentialAlias" if credential.is_key else "ServiceUserName"
    return {
        "UserName": user.name,
        "Status": credential.status(ctx.now()),
        name: credential.name,
        "CreateDate": credential.created,
        "ExpirationDate": credential.expires,
        "ServiceSpecificCredentialId": credential.id,
        "ServiceName": credential.service,
    }


def _with_secret(ctx: Context, user: User, credential: ServiceCredential, secret: str) -> Request:
    shown = "ServiceCredentialSecret" if credential.is_key else "ServicePassword"
    return {"ServiceSpecificCredential": {**_metadata(ctx, user, credential), shown: secret}}


def _new_secret(service_name: str, name: str) -> tuple[str, bytes]:
    """A secret and its digest. An API key has its public name in it."""
    secret = b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    if service_name in _API_KEYS:
        secret = _API_KEYS[service_name] + b64encode(f"{name}:{secret}".encode()).decode()
    return secret, hashlib.sha256(secret.encode()).digest()


def _new_name(ctx: Context, user: User, taken: list[str]) -> str:
    """`jane-at-123456789012`, then `jane+1-at-123456789012`."""
    names = (f"{user.name}{f'+{number}' if number else ''}-at-{ctx.account}" for number in range(len(taken) + 1))
    return next(name for name in names if name not in taken)


# -- the operations


def _keys(ctx: Context, request: Request) -> dict[str, str | tuple[str, ...]]:
    keys: dict[str, str | tuple[str, ...]] = {"iam:ServiceSpecificCredentialServiceName": request["ServiceName"]}
    if "CredentialAgeDays" in request:
        keys["iam:ServiceSpecificCredentialAgeDays"] = str(request["CredentialAgeDays"])
    return keys


@service.operation(**users.one, keys=_keys)
async def create_service_specific_credential(ctx: Context, request: Request) -> Request:
    """API_CreateServiceSpecificCredential. The secret is shown once."""
    user = await users.find(ctx, request["UserName"])
    name_of_service, days = request["ServiceName"], request.get("CredentialAgeDays")
    if name_of_service not in (*_PASSWORDS, *_API_KEYS):
        raise refusals.service_not_supported(name_of_service)
    if days is not None and name_of_service in _PASSWORDS:
        raise invalid_input(f"CredentialAgeDays is not supported for {name_of_service}.")
    present = [each for each in await credentials.scan(ctx, user.id) if each.service == name_of_service]
    if len(present) >= CREDENTIALS_PER_SERVICE:
        raise quota_exceeded("ServiceSpecificCredentialsPerUser", CREDENTIALS_PER_SERVICE)
    name, now = _new_name(ctx, user, [each.name for each in present]), int(ctx.now())
    secret, digest = _new_secret(name_of_service, name)
    expires = None if days is None else now + days * _DAY
    new_id = ids.unique(ctx, _PREFIX)
    credential = ServiceCredential(new_id, user.id, name_of_service, name, digest, now, expires)
    credentials.put(ctx, credential, user.id, credential.id)
    return _with_secret(ctx, user, credential, secret)


@service.operation(resource=resource_of_caller_or_named)
async def list_service_specific_credentials(ctx: Context, request: Request) -> Request:
    """A user's credentials, or with AllUsers everybody's. API_ListServiceSpecificCredentials."""
    if request.get("AllUsers") and "UserName" in request:
        raise invalid_input("UserName and AllUsers cannot be specified together.")
    if request.get("AllUsers"):
        found = await credentials.scan(ctx)
    else:
        user = await caller_or_named(ctx, request)
        found = [] if user is None else await credentials.scan(ctx, user.id)
    wanted = request.get("ServiceName")
    found = [each for each in found if wanted in (None, each.service)]
    answer = listed(request, "ServiceSpecificCredentials", found, lambda each: f"{each.user} {each.id}")
    return {
        **answer,
        "ServiceSpecificCredentials": [await _listed(ctx, each) for each in answer["ServiceSpecificCredentials"]],
    }


async def _listed(ctx: Context, credential: ServiceCredential) -> Request:
    user = await users.identified(ctx, credential.user)
    assert user is not None
    return _metadata(ctx, user, credential)


async def _find(ctx: Context, request: Request) -> tuple[User, ServiceCredential]:
    """The credential that a request names, and whose it is. Raises NoSuchEntity."""
    user = await caller_or_named(ctx, request)
    found = None if user is None else await credentials.get(ctx, user.id, request["ServiceSpecificCredentialId"])
    if user is None or found is None:
        raise refusals.no_service_credential(request["ServiceSpecificCredentialId"])
    return user, found


@service.operation(resource=resource_of_caller_or_named)
async def reset_service_specific_credential(ctx: Context, request: Request) -> Request:
    """Another secret; the one before is worth nothing from now on. API_ResetServiceSpecificCredential."""
    user, credential = await _find(ctx, request)
    secret, digest = _new_secret(credential.service, credential.name)
    credentials.put(ctx, replace(credential, digest=digest), user.id, credential.id)
    return _with_secret(ctx, user, credential, secret)


@service.operation(resource=resource_of_caller_or_named)
async def update_service_specific_credential(ctx: Context, request: Request) -> Request:
    """Make a credential active or inactive. API_UpdateServiceSpecificCredential."""
    user, credential = await _find(ctx, request)
    if request["Status"] == "Expired":
        raise invalid_input("The status Expired cannot be set.")
    credentials.put(ctx, replace(credential, active=request["Status"] == "Active"), user.id, credential.id)
    return {}


@service.operation(resource=resource_of_caller_or_named)
async def delete_service_specific_credential(ctx: Context, request: Request) -> Request:
    """API_DeleteServiceSpecificCredential."""
    user, credential = await _find(ctx, request)
    credentials.delete(ctx, user.id, credential.id)
    return {}
