"""Trusted token issuers: identity providers whose tokens applications may exchange for Identity Center's.

token_issuers    (instance, id)    TokenIssuer

https://docs.aws.amazon.com/singlesignon/latest/userguide/trustedidentitypropagation-overview.html
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.services.sso_admin import errors, limits, tagging
from fogbank.services.sso_admin.instance import ON_INSTANCE, find, key_of
from fogbank.services.sso_admin.listing import listed
from fogbank.services.sso_admin.service import service

Request = dict[str, Any]

_TYPE = "OIDC_JWT"
_CONFIGURATION = "TrustedTokenIssuerConfiguration"
_OIDC = "OidcJwtConfiguration"


class TokenIssuer(Record, frozen=True):
    """`configuration` is the OidcJwtConfiguration as it was given, `token` the client token it was made with."""

    arn: str
    name: str
    configuration: dict[str, str]
    tags: dict[str, str] = {}
    token: str | None = None


token_issuers = service.collection("token_issuers", TokenIssuer, scope="account")


async def find_issuer(ctx: Context, arn: str) -> TokenIssuer:
    """Raises ResourceNotFoundException."""
    issuer = await token_issuers.get(ctx, *key_of(arn))
    if issuer is None or issuer.arn != arn:
        raise errors.not_found(f"Could not find TrustedTokenIssuer {arn}")
    return issuer


def _new(ctx: Context, request: Request) -> tuple[str, str]:
    instance = request["InstanceArn"].rpartition("/")[2]
    return request["InstanceArn"], f"arn:{ctx.partition}:sso::{ctx.account}:trustedTokenIssuer/{instance}/*"


_ON_ISSUER: dict[str, Any] = {"resource": lambda ctx, request: request["TrustedTokenIssuerArn"]}


@service.operation(resource=_new)
async def create_trusted_token_issuer(ctx: Context, request: Request) -> Request:
    """Errors: ConflictException (issuer URL), ServiceQuotaExceededException. API_CreateTrustedTokenIssuer."""
    instance = await find(ctx, request)
    present = await token_issuers.scan(ctx, instance.id)
    token = request.get("ClientToken")
    for issuer in present:
        if token is not None and issuer.token == token:
            return {"TrustedTokenIssuerArn": issuer.arn}
    configuration = request[_CONFIGURATION].get(_OIDC)
    if configuration is None:
        raise errors.invalid(f"{_CONFIGURATION} must have an {_OIDC}.")
    if any(issuer.configuration["IssuerUrl"] == configuration["IssuerUrl"] for issuer in present):
        raise errors.conflict(f"A trusted token issuer with the URL {configuration['IssuerUrl']} already exists.")
    if len(present) >= limits.TOKEN_ISSUERS:
        raise errors.too_many("trusted token issuers", limits.TOKEN_ISSUERS)
    arn = f"arn:{ctx.partition}:sso::{ctx.account}:trustedTokenIssuer/{instance.id}/tti-{ctx.ids.uuid()}"
    tags = tagging.added({}, request.get("Tags", []))
    token_issuers.put(ctx, TokenIssuer(arn, request["Name"], configuration, tags, token), *key_of(arn))
    return {"TrustedTokenIssuerArn": arn}


def _outlined(issuer: TokenIssuer) -> Request:
    return {"TrustedTokenIssuerArn": issuer.arn, "Name": issuer.name, "TrustedTokenIssuerType": _TYPE}


@service.operation(**_ON_ISSUER)
async def describe_trusted_token_issuer(ctx: Context, request: Request) -> Request:
    """API_DescribeTrustedTokenIssuer."""
    issuer = await find_issuer(ctx, request["TrustedTokenIssuerArn"])
    return {**_outlined(issuer), _CONFIGURATION: {_OIDC: issuer.configuration}}


@service.operation(**_ON_ISSUER)
async def update_trusted_token_issuer(ctx: Context, request: Request) -> Request:
    """Change the name or the paths of attributes; the URL stays. API_UpdateTrustedTokenIssuer."""
    issuer = await find_issuer(ctx, request["TrustedTokenIssuerArn"])
    changes = request.get(_CONFIGURATION, {}).get(_OIDC, {})
    after = replace(issuer, name=request.get("Name", issuer.name), configuration={**issuer.configuration, **changes})
    token_issuers.put(ctx, after, *key_of(issuer.arn))
    return {}


@service.operation(**_ON_ISSUER)
async def delete_trusted_token_issuer(ctx: Context, request: Request) -> Request:
    """API_DeleteTrustedTokenIssuer."""
    issuer = await find_issuer(ctx, request["TrustedTokenIssuerArn"])
    token_issuers.delete(ctx, *key_of(issuer.arn))
    return {}


@service.operation(**ON_INSTANCE)
async def list_trusted_token_issuers(ctx: Context, request: Request) -> Request:
    """API_ListTrustedTokenIssuers."""
    instance = await find(ctx, request)
    present = await token_issuers.scan(ctx, instance.id)
    return listed(request, "TrustedTokenIssuers", present, lambda issuer: issuer.arn, _outlined)


async def clear(ctx: Context, instance: str) -> None:
    """They go with their instance."""
    for issuer in await token_issuers.scan(ctx, instance):
        token_issuers.delete(ctx, *key_of(issuer.arn))
