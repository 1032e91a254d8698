"""Blobs in the registry's protocol: fetched, whole or in ranges; uploaded at once, in chunks, or by naming another repository."""

from __future__ import annotations

import re

from fogbank.http import Response
from fogbank.services.ecr import creation_templates, registry_errors, settings, storing, uploads
from fogbank.services.ecr.manifests import DIGEST
from fogbank.services.ecr.records import Home, Stored, Upload, find_named, repositories
from fogbank.services.ecr.registry import Visit, door

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_CONTENT_RANGE = re.compile(r"(?:bytes )?(\d+)-(\d+)(?:/.*)?")


# -- fetching


@door("GET HEAD", "{name}/blobs/(?P<digest>[^/]+)")
async def fetch(visit: Visit) -> Response:
    action = "BatchCheckLayerAvailability" if visit.request.method == "HEAD" else "GetDownloadUrlForLayer"
    await visit.may(action)
    found = await visit.ctx.transact(_found, visit)
    headers = [
        ("content-type", "application/octet-stream"),
        ("docker-content-digest", visit.groups["digest"]),
        ("etag", f'"{visit.groups["digest"]}"'),
        ("accept-ranges", "bytes"),
    ]
    if visit.request.method == "HEAD":
        return Response(200, [*headers, ("content-length", str(found.size))])
    first, length = _span(visit.request.headers.get("range", ""), found.size)
    body = visit.ctx.blobs.open(found.blob, first, length) if length else b""
    if length == found.size:
        return Response(200, headers, body)
    return Response(206, [*headers, ("content-range", f"bytes {first}-{first + length - 1}/{found.size}")], body)


async def _found(visit: Visit) -> Stored:
    found = await storing.find(await visit.home(), visit.groups["digest"])
    if found is None:
        raise registry_errors.blob_unknown()
    return found


def _span(header: str, size: int) -> tuple[int, int]:
    """(offset, length) of the bytes that are asked for; all of them when the header says nothing that we know."""
    found = _RANGE.fullmatch(header)
    if found is None:
        return 0, size
    first, last = int(found[1]), int(found[2]) if found[2] else size - 1
    if first >= size or last < first:
        raise registry_errors.range_invalid()
    return first, min(last, size - 1) - first + 1


@door("DELETE", "{name}/blobs/(?P<digest>sha256:[^/]+)")
async def delete(visit: Visit) -> Response:
    """ECR deletes layers with the last image that has them, and never by themselves."""
    raise registry_errors.unsupported()


# -- uploading


@door("POST", "{name}/blobs/uploads/?")
async def begin(visit: Visit) -> Response:
    """An upload; with `digest`, the whole of it; with `mount` and `from`, perhaps none at all."""
    await visit.may("InitiateLayerUpload")
    if await visit.ctx.transact(repositories.get, visit.ctx, visit.name) is None:
        await creation_templates.create_on_push(visit.ctx, visit.name)
    digest = visit.query.get("mount", "")
    if digest and visit.query.get("from") and await _mounted(visit, digest, visit.query["from"]):
        return _made(visit, digest)
    upload = await visit.ctx.transact(_begun, visit)
    if visit.query.get("digest"):
        visit.groups["id"] = upload.id
        return await complete(visit)
    return _going_on(visit, 202, upload.id, 0)


async def _begun(visit: Visit) -> Upload:
    return await uploads.begin(await visit.home())


async def _mounted(visit: Visit, digest: str, source: str) -> bool:
    """The layer of another repository becomes one of this one, if the registry and its policies allow that."""
    ctx = visit.ctx
    if await ctx.transact(settings.value_of, ctx, settings.BLOB_MOUNTING) != "ENABLED":
        return False
    await visit.may("GetDownloadUrlForLayer", source)

    async def mount() -> bool:
        repository = await repositories.get(ctx, source)
        if repository is None or not await storing.has(Home(ctx, repository), digest):
            return False
        return await storing.hold(await find_named(ctx, visit.name), digest)

    return await ctx.transact(mount)


@door("GET", "{name}/blobs/uploads/(?P<id>[^/]+)")
async def progress(visit: Visit) -> Response:
    await visit.may("InitiateLayerUpload")
    _, upload = await visit.ctx.transact(uploads.found, visit.ctx, visit.name, visit.groups["id"])
    return _going_on(visit, 204, upload.id, upload.size)


@door("PATCH", "{name}/blobs/uploads/(?P<id>[^/]+)")
async def proceed(visit: Visit) -> Response:
    await visit.may("UploadLayerPart")
    size = await _take(visit)
    return _going_on(visit, 202, visit.groups["id"], size)


async def _take(visit: Visit) -> int:
    header = visit.request.headers.get("content-range")
    found = _CONTENT_RANGE.fullmatch(header) if header is not None else None
    if header is not None and found is None:
        raise registry_errors.range_invalid()
    first = int(found[1]) if found is not None else None
    return await uploads.proceed(visit.ctx, visit.name, visit.groups["id"], first, visit.request.payload)


@door("PUT", "{name}/blobs/uploads/(?P<id>[^/]+)")
async def complete(visit: Visit) -> Response:
    """The end of an upload, with its last bytes if it has any left."""
    await visit.may("CompleteLayerUpload")
    digest = visit.query.get("digest", "")
    if DIGEST.fullmatch(digest) is None:
        raise registry_errors.digest_invalid()
    if visit.request.payload.length != 0:
        await visit.may("UploadLayerPart")
        await _take(visit)
    await uploads.complete(visit.ctx, visit.name, visit.groups["id"], digest)
    return _made(visit, digest)


@door("DELETE", "{name}/blobs/uploads/(?P<id>[^/]+)")
async def give_up(visit: Visit) -> Response:
    await visit.may("InitiateLayerUpload")

    async def work() -> None:
        await uploads.give_up(await visit.home(), visit.groups["id"])

    await visit.ctx.transact(work)
    return Response(204)


def _going_on(visit: Visit, status: int, id: str, size: int) -> Response:
    headers = [
        ("location", f"/v2/{visit.name}/blobs/uploads/{id}"),
        ("range", f"0-{max(size - 1, 0)}"),
        ("docker-upload-uuid", id),
    ]
    return Response(status, headers)


def _made(visit: Visit, digest: str) -> Response:
    return Response(201, [("location", f"/v2/{visit.name}/blobs/{digest}"), ("docker-content-digest", digest)])
