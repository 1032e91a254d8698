"""SAML providers: whose assertions roles can trust. A provider lies under its name."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.services.iam import refusals, saml_metadata, tags
from fogbank.services.iam.errors import invalid_arn, quota_exceeded
from fogbank.services.iam.service import service
from fogbank.services.iam.vault import vault

Request = dict[str, Any]

PROVIDERS_PER_ACCOUNT: Final = 100
KEYS_PER_PROVIDER: Final = 2
_ID_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
# How long a document is good that does not say so: a hundred years
_FOR_EVER: Final = 100 * 365 * 86_400


class PrivateKey(Record, frozen=True):
    """A key for assertions that come encrypted: its id, its PEM sealed, and when it was added (epoch seconds)."""

    id: str
    sealed: bytes
    added: int


class SamlProvider(Record, frozen=True):
    """metadata: the document; created, valid_until: epoch seconds; encryption: Required, Allowed, or None when it was never set."""

    name: str
    uuid: str
    metadata: str
    created: int
    valid_until: int
    encryption: str | None = None
    keys: tuple[PrivateKey, ...] = ()
    tags: dict[str, str] = {}


providers = service.collection("saml_providers", SamlProvider, scope="account")


def arn(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:iam::{ctx.account}:saml-provider/{name}"


def _save(ctx: Context, provider: SamlProvider) -> None:
    providers.put(ctx, provider, provider.name)


async def identified(ctx: Context, provider_arn: str) -> SamlProvider | None:
    """The provider of an ARN."""
    name = provider_arn.rpartition("/")[2]
    return await providers.get(ctx, name) if provider_arn == arn(ctx, name) else None


async def private_keys(ctx: Context, provider: SamlProvider) -> tuple[str, ...]:
    """The keys (PEM) that open the provider's encrypted assertions."""
    return tuple([(await vault.unseal(ctx, key.sealed, key.id)).decode() for key in provider.keys])


async def _find(ctx: Context, request: Request) -> SamlProvider:
    given = request["SAMLProviderArn"]
    if not given.startswith("arn:") or ":saml-provider/" not in given:
        raise invalid_arn(given)
    found = await identified(ctx, given)
    if found is None:
        raise refusals.no_saml_provider(given)
    return found


def _arn(ctx: Context, request: Request) -> str:
    return request["SAMLProviderArn"]


def _new_arn(ctx: Context, request: Request) -> str:
    return arn(ctx, request["Name"])


# -- what is given


def _valid_until(ctx: Context, document: str) -> int:
    """Until when a metadata document is good. Raises InvalidInput for what is none."""
    try:
        metadata = saml_metadata.parse(document)
    except ValueError as error:
        raise refusals.unparsable_metadata() from error
    return int(ctx.now()) + _FOR_EVER if metadata.valid_until is None else metadata.valid_until


async def _with_key(ctx: Context, keys: tuple[PrivateKey, ...], pem: str) -> tuple[PrivateKey, ...]:
    """The keys with another. Raises InvalidInput and LimitExceeded."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError) as error:
        raise refusals.unparsable_saml_key() from error
    if len(keys) >= KEYS_PER_PROVIDER:
        raise quota_exceeded("PrivateKeysPerSAMLProvider", KEYS_PER_PROVIDER)
    id = _new_id(ctx)
    return (*keys, PrivateKey(id, await vault.seal(ctx, pem.encode(), id), int(ctx.now())))


def _new_id(ctx: Context) -> str:
    return "".join(ctx.ids.choice(_ID_LETTERS) for _ in range(22))


def _check_encryption(provider: SamlProvider) -> None:
    if provider.encryption == "Required" and not provider.keys:
        raise refusals.encryption_without_key()


# -- the operations


@service.operation(resource=_new_arn)
async def create_saml_provider(ctx: Context, request: Request) -> Request:
    """API_CreateSAMLProvider."""
    provider = SamlProvider(
        name=request["Name"],
        uuid=_new_id(ctx),
        metadata=request["SAMLMetadataDocument"],
        created=int(ctx.now()),
        valid_until=_valid_until(ctx, request["SAMLMetadataDocument"]),
        encryption=request.get("AssertionEncryptionMode"),
        keys=await _with_key(ctx, (), request["AddPrivateKey"]) if "AddPrivateKey" in request else (),
        tags=tags.of_new(request, "saml-provider"),
    )
    _check_encryption(provider)
    if await providers.get(ctx, provider.name) is not None:
        raise refusals.saml_provider_exists(provider.name)
    if await providers.count(ctx, limit=PROVIDERS_PER_ACCOUNT) >= PROVIDERS_PER_ACCOUNT:
        raise quota_exceeded("SAMLProvidersPerAccount", PROVIDERS_PER_ACCOUNT)
    _save(ctx, provider)
    return {"SAMLProviderArn": arn(ctx, provider.name), "Tags": tags.shown(provider.tags) or None}


@service.operation(resource=_arn)
async def get_saml_provider(ctx: Context, request: Request) -> Request:
    """API_GetSAMLProvider."""
    provider = await _find(ctx, request)
    return {
        "SAMLProviderUUID": provider.uuid,
        "SAMLMetadataDocument": provider.metadata,
        "CreateDate": provider.created,
        "ValidUntil": provider.valid_until,
        "Tags": tags.shown(provider.tags),
        "AssertionEncryptionMode": provider.encryption,
        "PrivateKeyList": [{"KeyId": key.id, "Timestamp": key.added} for key in provider.keys] or None,
    }


@service.operation(resource=_arn)
async def update_saml_provider(ctx: Context, request: Request) -> Request:
    """Another document, another key, another rule about encryption. API_UpdateSAMLProvider."""
    provider = await _find(ctx, request)
    if len(request) == 1:
        raise refusals.nothing_to_update()
    if "SAMLMetadataDocument" in request:
        document = request["SAMLMetadataDocument"]
        provider = replace(provider, metadata=document, valid_until=_valid_until(ctx, document))
    provider = replace(
        provider,
        keys=await _changed_keys(ctx, provider, request),
        encryption=request.get("AssertionEncryptionMode", provider.encryption),
    )
    _check_encryption(provider)
    _save(ctx, provider)
    return {"SAMLProviderArn": arn(ctx, provider.name)}


async def _changed_keys(ctx: Context, provider: SamlProvider, request: Request) -> tuple[PrivateKey, ...]:
    keys, removed = provider.keys, request.get("RemovePrivateKey")
    if removed is not None:
        keys = tuple(key for key in keys if key.id != removed)
        if len(keys) == len(provider.keys):
            raise refusals.no_saml_key(removed)
    return await _with_key(ctx, keys, request["AddPrivateKey"]) if "AddPrivateKey" in request else keys


@service.operation
async def list_saml_providers(ctx: Context, request: Request) -> Request:
    """API_ListSAMLProviders: all of them, without pages."""
    found = await providers.scan(ctx)
    return {"SAMLProviderList": [_listed(ctx, provider) for provider in found]}


def _listed(ctx: Context, provider: SamlProvider) -> Request:
    return {"Arn": arn(ctx, provider.name), "ValidUntil": provider.valid_until, "CreateDate": provider.created}


@service.operation(resource=_arn)
async def delete_saml_provider(ctx: Context, request: Request) -> Request:
    """API_DeleteSAMLProvider. Roles that trust it are left as they are."""
    providers.delete(ctx, (await _find(ctx, request)).name)
    return {}


tags.declare("saml-provider", "saml_provider", _find, _save, _arn)
