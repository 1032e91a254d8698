"""Manifests, tags and referrers in the registry's protocol."""

from __future__ import annotations

from typing import Any

from fogbank.http import Payload, Response
from fogbank.services.ecr import deleting, errors, image_ids, image_lists, limits, pulling, pushing, registry_errors
from fogbank.services.ecr.manifests import DIGEST, OCI_INDEX
from fogbank.services.ecr.records import Home, Image, tags
from fogbank.services.ecr.registry import Visit, door, json_answer, page_of


def _id(reference: str) -> dict[str, str]:
    """The imageId of a reference, which is a tag or a digest."""
    return {"imageDigest" if ":" in reference else "imageTag": reference}


async def _image(home: Home, reference: str) -> Image:
    found = await image_ids.look_up(home, _id(reference))
    if not isinstance(found, Image):
        error = errors.image_not_found(home.name, home.ctx.account, *_named(reference))
        error.message = "Requested image not found"
        raise error
    return found


def _named(reference: str) -> tuple[str | None, str | None]:
    return (reference, None) if ":" in reference else (None, reference)


# -- pulling


@door("GET HEAD", "{name}/manifests/(?P<reference>[^/]+)")
async def fetch(visit: Visit) -> Response:
    await visit.may("BatchGetImage")

    async def look() -> tuple[Image, bytes]:
        home = await pulling.repository_of(visit.ctx, visit.name)
        image = await _image(home, visit.groups["reference"])
        return image, await pulling.manifest_of(home, image, is_pull=visit.request.method == "GET")

    image, data = await visit.ctx.transact(look)
    headers = [("content-type", image.media_type), ("docker-content-digest", image.digest)]
    if visit.request.method == "HEAD":
        return Response(200, [*headers, ("content-length", str(len(data)))])
    return Response(200, headers, data)


@door("GET", "{name}/tags/list")
async def list_tags(visit: Visit) -> Response:
    await visit.may("ListImages")

    async def look() -> list[str]:
        home = await visit.home()
        return [str(key[0]) for key, _ in await tags.items(home.ctx, (str,), home.name)]

    listed, link = page_of(visit, await visit.ctx.transact(look))
    return json_answer({"name": visit.name, "tags": listed}, link)


@door("GET", "{name}/referrers/(?P<digest>[^/]+)")
async def list_referrers(visit: Visit) -> Response:
    """An index of what is about an image."""
    await visit.may("BatchGetImage")
    if DIGEST.fullmatch(visit.groups["digest"]) is None:
        raise registry_errors.digest_invalid()
    kind = visit.query.get("artifactType")

    async def look() -> list[dict[str, Any]]:
        home = await visit.home()
        found = await image_lists.about(home, visit.groups["digest"])
        return [await image_lists.descriptor(home, each) for each in found if kind in (None, each.kind)]

    entries = [
        {name: value for name, value in each.items() if value is not None} for each in await visit.ctx.transact(look)
    ]
    answer = json_answer({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries})
    answer.headers[0] = ("content-type", OCI_INDEX)
    if kind is not None:
        answer.headers.append(("oci-filters-applied", "artifactType"))
    return answer


# -- pushing


async def _body(payload: Payload) -> bytes:
    """The manifest, no more of it than there may be."""
    data = b""
    async for chunk in payload:
        data += chunk
        if len(data) > limits.MANIFEST_BYTES:
            raise errors.invalid_manifest(f"a manifest has at most {limits.MANIFEST_BYTES} bytes")
    return data


@door("PUT", "{name}/manifests/(?P<reference>[^/]+)")
async def put(visit: Visit) -> Response:
    await visit.may("PutImage")
    data = await _body(visit.request.payload)
    digest, tag = _named(visit.groups["reference"])
    pushing.check_digest(data, digest)
    media_type = visit.request.headers.get("content-type", "").partition(";")[0].strip()

    async def work() -> Image:
        home = await visit.home()
        found = await image_ids.by_digest(home, pushing.digest_of(data))
        if found is not None and (not tag or tag in found.tags):
            return found
        return await pushing.put(home, data, media_type or None, tag or "")

    image = await visit.ctx.transact(work)
    headers = [
        ("location", f"/v2/{visit.name}/manifests/{image.digest}"),
        ("docker-content-digest", image.digest),
    ]
    if image.subject:
        headers.append(("oci-subject", image.subject))
    return Response(201, headers)


# -- deleting


@door("DELETE", "{name}/manifests/(?P<reference>[^/]+)")
async def delete(visit: Visit) -> Response:
    """By tag the tag goes; by digest the image with all of its tags."""
    await visit.may("BatchDeleteImage")
    reference = visit.groups["reference"]

    async def work() -> None:
        home = await visit.home()
        image = await _image(home, reference)
        if ":" not in reference and image.tags != [reference]:
            await deleting.untag(home, image, reference)
        elif await deleting.indexes_with(home, image.digest):
            raise registry_errors.denied("Requested image referenced by manifest list")
        else:
            await deleting.remove(home, image)

    await visit.ctx.transact(work)
    return Response(202)
