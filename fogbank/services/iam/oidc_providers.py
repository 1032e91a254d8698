"""OpenID Connect providers: whose tokens roles can trust.

A provider lies under its URL without `https://` and without a slash at its end, which is also how its ARN names it. Thumbprints are
kept and answered; where none are given, none are fetched (see docs/services/iam.md).
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.services.iam import refusals, tags
from fogbank.services.iam.errors import invalid_arn, quota_exceeded
from fogbank.services.iam.service import service

Request = dict[str, Any]

PROVIDERS_PER_ACCOUNT: Final = 100
CLIENT_IDS_PER_PROVIDER: Final = 100
THUMBPRINTS: Final = 5

_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}")
_SCHEME = "https://"


class OidcProvider(Record, frozen=True):
    """url: without its scheme, as it was given otherwise; created: epoch seconds."""

    url: str
    created: int
    client_ids: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()
    tags: dict[str, str] = {}


providers = service.collection("oidc_providers", OidcProvider, scope="account")


# -- finding


def arn_of(ctx: Context, url: str) -> str:
    """The ARN of the provider with a URL, given without its scheme."""
    return f"arn:{ctx.partition}:iam::{ctx.account}:oidc-provider/{url.rstrip('/')}"


def _save(ctx: Context, provider: OidcProvider) -> None:
    providers.put(ctx, provider, provider.url.rstrip("/"))


async def named(ctx: Context, url: str) -> OidcProvider | None:
    """The provider of an issuer, given without its scheme."""
    return await providers.get(ctx, url.rstrip("/"))


async def _find(ctx: Context, request: Request) -> OidcProvider:
    arn = request["OpenIDConnectProviderArn"]
    url = _url(arn)
    found = await named(ctx, url) if arn == arn_of(ctx, url) else None
    if found is None:
        raise refusals.no_oidc_provider(arn)
    return found


def _url(arn: str) -> str:
    """The URL, without its scheme, that a provider's ARN has. Raises InvalidInput for what is none."""
    prefix, mark, url = arn.partition(":oidc-provider/")
    if not mark or not prefix.startswith("arn:"):
        raise invalid_arn(arn)
    return url


def _arn(ctx: Context, request: Request) -> str:
    return request["OpenIDConnectProviderArn"]


# -- checks


def checked_url(url: str) -> str:
    """A provider's URL without its scheme. Raises ValidationError for one that no issuer may have.

    AWS says that there should be no port; here there may be one, since issuers on this machine have one.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and parts.username is None
    except ValueError:
        usable = False
    if not usable or "?" in url or "#" in url or not url.startswith(_SCHEME):
        raise refusals.invalid_provider_url()
    return url.removeprefix(_SCHEME)


def _checked_thumbprints(given: list[str]) -> tuple[str, ...]:
    if len(given) > THUMBPRINTS:
        raise refusals.too_many_thumbprints(THUMBPRINTS)
    if not all(map(_THUMBPRINT.fullmatch, given)):
        raise refusals.invalid_thumbprint()
    return tuple(thumbprint.lower() for thumbprint in dict.fromkeys(given))


def _checked_client_ids(given: tuple[str, ...]) -> tuple[str, ...]:
    client_ids = tuple(dict.fromkeys(given))
    if len(client_ids) > CLIENT_IDS_PER_PROVIDER:
        raise quota_exceeded("ClientIdsPerOpenIdConnectProvider", CLIENT_IDS_PER_PROVIDER)
    return client_ids


# -- the operations


def _new_arn(ctx: Context, request: Request) -> str:
    return arn_of(ctx, request["Url"].removeprefix(_SCHEME))


@service.operation(resource=_new_arn)
async def create_open_id_connect_provider(ctx: Context, request: Request) -> Request:
    """API_CreateOpenIDConnectProvider."""
    provider = OidcProvider(
        url=checked_url(request["Url"]),
        created=int(ctx.now()),
        client_ids=_checked_client_ids(tuple(request.get("ClientIDList", ()))),
        thumbprints=_checked_thumbprints(request.get("ThumbprintList", [])),
        tags=tags.of_new(request, "oidc-provider"),
    )
    if await named(ctx, provider.url) is not None:
        raise refusals.oidc_provider_exists(request["Url"])
    if await providers.count(ctx, limit=PROVIDERS_PER_ACCOUNT) >= PROVIDERS_PER_ACCOUNT:
        raise quota_exceeded("OpenIdConnectProvidersPerAccount", PROVIDERS_PER_ACCOUNT)
    _save(ctx, provider)
    return {"OpenIDConnectProviderArn": arn_of(ctx, provider.url), "Tags": tags.shown(provider.tags) or None}


@service.operation(resource=_arn)
async def get_open_id_connect_provider(ctx: Context, request: Request) -> Request:
    """API_GetOpenIDConnectProvider."""
    provider = await _find(ctx, request)
    return {
        "Url": provider.url,
        "ClientIDList": list(provider.client_ids),
        "ThumbprintList": list(provider.thumbprints),
        "CreateDate": provider.created,
        "Tags": tags.shown(provider.tags),
    }


@service.operation
async def list_open_id_connect_providers(ctx: Context, request: Request) -> Request:
    """API_ListOpenIDConnectProviders: all of them, without pages."""
    found = await providers.scan(ctx)
    return {"OpenIDConnectProviderList": [{"Arn": arn_of(ctx, provider.url)} for provider in found]}


@service.operation(resource=_arn)
async def delete_open_id_connect_provider(ctx: Context, request: Request) -> Request:
    """API_DeleteOpenIDConnectProvider: no error for one that is not there. Roles that trust it are left as they are."""
    url = _url(request["OpenIDConnectProviderArn"])
    if request["OpenIDConnectProviderArn"] == arn_of(ctx, url):
        providers.delete(ctx, url)
    return {}


@service.operation(resource=_arn)
async def add_client_id_to_open_id_connect_provider(ctx: Context, request: Request) -> Request:
    """Add an audience; one that is there already is passed over. API_AddClientIDToOpenIDConnectProvider."""
    provider = await _find(ctx, request)
    _save(ctx, replace(provider, client_ids=_checked_client_ids((*provider.client_ids, request["ClientID"]))))
    return {}


@service.operation(resource=_arn)
async def remove_client_id_from_open_id_connect_provider(ctx: Context, request: Request) -> Request:
    """Remove an audience; one that is not there is passed over. API_RemoveClientIDFromOpenIDConnectProvider."""
    provider = await _find(ctx, request)
    left = tuple(client_id for client_id in provider.client_ids if client_id != request["ClientID"])
    _save(ctx, replace(provider, client_ids=left))
    return {}


@service.operation(resource=_arn)
async def update_open_id_connect_provider_thumbprint(ctx: Context, request: Request) -> Request:
    """Replace all thumbprints. API_UpdateOpenIDConnectProviderThumbprint."""
    provider = await _find(ctx, request)
    _save(ctx, replace(provider, thumbprints=_checked_thumbprints(request["ThumbprintList"])))
    return {}


tags.declare("oidc-provider", "open_id_connect_provider", _find, _save, _arn)
