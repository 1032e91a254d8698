"""Layers in ECR's own API: what `docker push` does by the registry's protocol, in calls of an SDK.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_InitiateLayerUpload.html and those after it.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator

import msgspec

from fogbank.http import Request as HttpRequest
from fogbank.http import Response
from fogbank.kernel import AWSError, Context
from fogbank.kernel.vault import Vault
from fogbank.services.ecr import errors, limits, manifests, storing, uploads
from fogbank.services.ecr.records import (
    ON_REPOSITORY,
    Answer,
    Home,
    Request,
    find,
    layers,
    registry_of,
    stored,
)
from fogbank.services.ecr.service import service

_PATH = "/_aws/ecr/layers/"
_vault = Vault("ecr-layers")
_NAME = "layer"
_MEDIA_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"


@service.operation(**ON_REPOSITORY)
async def batch_check_layer_availability(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchCheckLayerAvailability.html"""
    home = await find(ctx, request)
    answer: Answer = {"layers": [], "failures": []}
    for digest in dict.fromkeys(request["layerDigests"]):
        if manifests.DIGEST.fullmatch(digest) is None:
            answer["failures"].append(_failure(digest))
        else:
            answer["layers"].append(await _availability(home, digest))
    return answer


def _failure(digest: str) -> Answer:
    code = "InvalidLayerDigest" if digest else "MissingLayerDigest"
    reason = "Invalid request parameters: layer digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"
    return {"layerDigest": digest, "failureCode": code, "failureReason": reason}


async def _availability(home: Home, digest: str) -> Answer:
    size = await layers.get(home.ctx, home.name, digest)
    if size is None:
        return {"layerDigest": digest, "layerAvailability": "UNAVAILABLE"}
    return {"layerDigest": digest, "layerAvailability": "AVAILABLE", "layerSize": size, "mediaType": _MEDIA_TYPE}


# -- sending


@service.operation(**ON_REPOSITORY)
async def initiate_layer_upload(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_InitiateLayerUpload.html"""
    upload = await uploads.begin(await find(ctx, request))
    return {"uploadId": upload.id, "partSize": limits.PART_BYTES}


@service.operation(transaction=False, **ON_REPOSITORY)
async def upload_layer_part(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UploadLayerPart.html"""
    registry = registry_of(ctx, request)
    name, id, first = request["repositoryName"], request["uploadId"], request["partFirstByte"]
    data = request["layerPartBlob"]
    home, upload = await registry.transact(uploads.found, registry, name, id)
    if not data or request["partLastByte"] - first + 1 != len(data):
        raise errors.invalid_part(name, registry.account, id, upload.size - 1)
    size = await uploads.proceed(registry, name, id, first, _once(data))
    return {**home.names, "uploadId": id, "lastByteReceived": size - 1}


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


@service.operation(transaction=False, **ON_REPOSITORY)
async def complete_layer_upload(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CompleteLayerUpload.html"""
    registry = registry_of(ctx, request)
    name, id, digest = request["repositoryName"], request["uploadId"], request["layerDigests"][0]
    home, upload = await registry.transact(uploads.found, registry, name, id)
    if not upload.parts:
        raise errors.empty_upload()
    if any(part.size < limits.LEAST_PART_BYTES for part in upload.parts[:-1]):
        raise errors.part_too_small()
    if await registry.transact(storing.has, home, digest):
        raise errors.layer_exists(name, registry.account, digest)
    await uploads.complete(registry, name, id, digest)
    return {**home.names, "uploadId": id, "layerDigest": digest}


# -- fetching


class _Link(msgspec.Struct, array_like=True):
    account: str
    digest: str
    until: float


@service.operation(**ON_REPOSITORY)
async def get_download_url_for_layer(ctx: Context, request: Request) -> Answer:
    """A link that carries its own permission. API_GetDownloadUrlForLayer."""
    home = await find(ctx, request)
    digest = request["layerDigest"]
    if not await storing.has(home, digest):
        raise errors.layer_not_found(home.name, home.ctx.account, digest)
    link = msgspec.msgpack.encode(_Link(home.ctx.account, digest, ctx.now() + limits.LINK_SECONDS))
    token = urlsafe_b64encode(await _vault.seal(ctx, link, _NAME)).decode().rstrip("=")
    return {"downloadUrl": f"{ctx.endpoint}{_PATH}{token}", "layerDigest": digest}


@service.edge(lambda request: request.path.startswith(_PATH))
async def download(ctx: Context, request: HttpRequest) -> Response:
    link = await ctx.transact(_opened, ctx, request.path.removeprefix(_PATH))
    if link is None or ctx.now() > link.until:
        raise AWSError("AccessDenied", "Request has expired", 403)
    owner = ctx.at(account=link.account)
    found = await owner.transact(stored.get, owner, link.digest)
    if found is None:
        raise AWSError("NoSuchKey", "The specified key does not exist.", 404)
    headers = [("content-type", "application/octet-stream")]
    return Response(200, headers, ctx.blobs.open(found.blob, 0, found.size) if found.size else b"")


async def _opened(ctx: Context, token: str) -> _Link | None:
    from cryptography.exceptions import InvalidTag

    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return msgspec.msgpack.decode(await _vault.unseal(ctx, sealed, _NAME), type=_Link)
    except (binascii.Error, ValueError, InvalidTag, LookupError):
        return None
