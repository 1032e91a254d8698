"""The records of ACME endpoints, where they are kept, and how operations find them.

acme-endpoints    (endpoint)              Endpoint
acme-bindings     (endpoint, binding)     Binding
acme-validations  (endpoint, validation)  DomainValidation
acme-accounts     (endpoint, account)     Account
acme-keys         (endpoint, thumbprint)  the id of the account that has the key
acme-orders       (endpoint, order)       Order
acme-nonces       (endpoint, nonce)       b"": nonces that were given out and not used yet
"""

from __future__ import annotations

import re
from typing import Any

from fogbank.kernel import AWSError, Context, Record
from fogbank.services.acm.certificate import Validation
from fogbank.services.acm.service import service

Request = dict[str, Any]

SERVER_PATH = "/_aws/acm/acme/"
"""The beginning of the paths of the servers: region, account and endpoint follow."""

_ARN = re.compile(
    r"arn:[\w-]+:acm:([a-z0-9-]+):(\d{12}):acme-endpoint/([\w-]+)"
    r"(?:/(acme-domain-validation|acme-external-account-binding)/([\w-]+))?"
)


class Endpoint(Record, frozen=True):
    """An ACME server. Times are epoch seconds; `algorithms` are those of the keys that it certifies."""

    id: str
    status: str
    url: str
    contact: str
    algorithms: list[str]
    created: float
    updated: float
    tags: dict[str, str]
    certificate_tags: dict[str, str]


class Binding(Record, frozen=True):
    """External account binding: what lets a client register. `sealed_key` is the MAC key."""

    id: str
    role: str
    sealed_key: bytes
    created: float
    updated: float
    expires: float | None = None
    revoked: float | None = None
    used: float | None = None
    tags: dict[str, str] = {}


class DomainValidation(Record, frozen=True):
    """A domain that the endpoint may issue for. `scope` has the members that are ENABLED."""

    id: str
    status: str
    validation: Validation
    scope: list[str]
    created: float
    updated: float
    zone: str = ""
    reason: str = ""
    tags: dict[str, str] = {}


class Account(Record, frozen=True):
    """A client that has registered; `key` is its public key (JWK, JSON)."""

    id: str
    binding: str
    key: str
    thumbprint: str
    contacts: list[str]
    created: float
    status: str = "VALID"


class Order(Record, frozen=True):
    account: str
    names: list[str]
    expires: float
    certificate: str = ""


endpoints = service.collection("acme-endpoints", Endpoint)
bindings = service.collection("acme-bindings", Binding)
domain_validations = service.collection("acme-validations", DomainValidation)
accounts = service.collection("acme-accounts", Account)
account_keys = service.collection("acme-keys", str)
orders = service.collection("acme-orders", Order)
nonces = service.collection("acme-nonces", bytes)


# -- names


def endpoint_arn(ctx: Context, endpoint_id: str) -> str:
    return f"arn:{ctx.partition}:acm:{ctx.region}:{ctx.account}:acme-endpoint/{endpoint_id}"


def binding_arn(ctx: Context, endpoint_id: str, binding_id: str) -> str:
    return f"{endpoint_arn(ctx, endpoint_id)}/acme-external-account-binding/{binding_id}"


def validation_arn(ctx: Context, endpoint_id: str, validation_id: str) -> str:
    return f"{endpoint_arn(ctx, endpoint_id)}/acme-domain-validation/{validation_id}"


def base_url(ctx: Context, endpoint_id: str) -> str:
    return f"{ctx.endpoint}{SERVER_PATH}{ctx.region}/{ctx.account}/{endpoint_id}"


def account_url(ctx: Context, endpoint: Endpoint, account_id: str) -> str:
    return f"{endpoint.url.removesuffix('/directory')}/account/{account_id}"


# -- finding


def not_found(arn: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"Could not find {arn}.")


def parts_of(ctx: Context, arn: str) -> tuple[str, str]:
    """(endpoint, binding or validation or "") of an ARN of this account and region. Raises ResourceNotFoundException."""
    found = _ARN.fullmatch(arn)
    if found is None or (found[1], found[2]) != (ctx.region, ctx.account):
        raise not_found(arn)
    return found[3], found[5] or ""


async def find_endpoint(ctx: Context, arn: str) -> Endpoint:
    endpoint_id, _ = parts_of(ctx, arn)
    endpoint = await endpoints.get(ctx, endpoint_id)
    if endpoint is None:
        raise not_found(arn)
    return endpoint


async def find_binding(ctx: Context, arn: str) -> tuple[str, Binding]:
    """The endpoint's id and the binding. Raises ResourceNotFoundException."""
    endpoint_id, binding_id = parts_of(ctx, arn)
    binding = await bindings.get(ctx, endpoint_id, binding_id)
    if binding is None:
        raise not_found(arn)
    return endpoint_id, binding


async def find_validation(ctx: Context, arn: str) -> tuple[str, DomainValidation]:
    """The endpoint's id and the domain validation. Raises ResourceNotFoundException."""
    endpoint_id, validation_id = parts_of(ctx, arn)
    validation = await domain_validations.get(ctx, endpoint_id, validation_id)
    if validation is None:
        raise not_found(arn)
    return endpoint_id, validation
