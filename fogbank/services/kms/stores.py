"""Custom key stores: none can be made here, and every operation says so as AWS does.

A CloudHSM key store needs an active CloudHSM cluster, which is hardware. An external key store needs a proxy that AWS reaches; Fogbank does
not speak with such proxies. So there is no store to connect, change or delete, and no key in one.
https://docs.aws.amazon.com/kms/latest/developerguide/key-store-overview.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.kms import errors
from fogbank.services.kms.key import BY_KMS, IMPORTED
from fogbank.services.kms.listing import page_of, paged
from fogbank.services.kms.service import service
from fogbank.services.kms.specs import SYMMETRIC, Spec

Request = dict[str, Any]

_CLOUDHSM = "AWS_CLOUDHSM"
_EXTERNAL = "EXTERNAL_KEY_STORE"
_NEEDED = {
    _CLOUDHSM: ("CloudHsmClusterId", "KeyStorePassword", "TrustAnchorCertificate"),
    _EXTERNAL: ("XksProxyConnectivity", "XksProxyAuthenticationCredential", "XksProxyUriEndpoint", "XksProxyUriPath"),
}


def _not_found(store: str) -> AWSError:
    return AWSError("CustomKeyStoreNotFoundException", f"Custom key store {store} is not found.")


# -- for keys and randomness


def check_origin(request: Request, spec: Spec) -> None:
    """Refuse to create a key in a custom key store. Raises ValidationException, CustomKeyStoreNotFoundException."""
    origin, store = request.get("Origin", BY_KMS), request.get("CustomKeyStoreId")
    if origin in (BY_KMS, IMPORTED):
        if store is not None:
            raise errors.validation(f"CustomKeyStoreId is not valid for a KMS key with Origin {origin}.")
        if "XksKeyId" in request:
            raise errors.validation(f"XksKeyId is not valid for a KMS key with Origin {origin}.")
        return
    if store is None:
        raise errors.validation(f"You must specify a CustomKeyStoreId for a KMS key with Origin {origin}.")
    if spec.name != SYMMETRIC or request.get("MultiRegion"):
        raise errors.unsupported("Custom key stores support only symmetric encryption KMS keys in a single Region.")
    raise _not_found(store)


def refuse_random(store: str) -> None:
    raise _not_found(store)


# -- operations


@service.operation
async def create_custom_key_store(ctx: Context, request: Request) -> Request:
    """Refused: there is no cluster or proxy to back it. API_CreateCustomKeyStore."""
    kind = request.get("CustomKeyStoreType", _CLOUDHSM)
    for member in _NEEDED[kind]:
        if member not in request:
            raise errors.validation(f"You must specify {member} for a custom key store of type {kind}.")
    if kind == _CLOUDHSM:
        cluster = request["CloudHsmClusterId"]
        raise AWSError("CloudHsmClusterNotFoundException", f"CloudHSM cluster {cluster} is not found.")
    if request["XksProxyConnectivity"] == "VPC_ENDPOINT_SERVICE":
        raise AWSError("XksProxyVpcEndpointServiceNotFoundException", "The VPC endpoint service is not found.")
    raise errors.unsupported(
        "Fogbank does not support external key stores: it does not speak with external key store proxies."
    )


@service.operation
async def describe_custom_key_stores(ctx: Context, request: Request) -> Request:
    """None. API_DescribeCustomKeyStores."""
    if "CustomKeyStoreId" in request and "CustomKeyStoreName" in request:
        raise errors.validation("You can specify either CustomKeyStoreId or CustomKeyStoreName, but not both.")
    page = page_of(request)
    store = request.get("CustomKeyStoreId") or request.get("CustomKeyStoreName")
    if store is not None:
        raise _not_found(store)
    return paged("CustomKeyStores", [], page, str)


@service.operation
async def connect_custom_key_store(ctx: Context, request: Request) -> Request:
    """There is none to connect. API_ConnectCustomKeyStore."""
    raise _not_found(request["CustomKeyStoreId"])


@service.operation
async def disconnect_custom_key_store(ctx: Context, request: Request) -> Request:
    """There is none to disconnect. API_DisconnectCustomKeyStore."""
    raise _not_found(request["CustomKeyStoreId"])


@service.operation
async def update_custom_key_store(ctx: Context, request: Request) -> Request:
    """There is none to change. API_UpdateCustomKeyStore."""
    raise _not_found(request["CustomKeyStoreId"])


@service.operation
async def delete_custom_key_store(ctx: Context, request: Request) -> Request:
    """There is none to delete. API_DeleteCustomKeyStore."""
    raise _not_found(request["CustomKeyStoreId"])
