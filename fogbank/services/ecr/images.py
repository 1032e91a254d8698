"""Images in ECR's own API: put, got, deleted, archived."""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context
from fogbank.services.ecr import deleting, errors, image_ids, pulling, pushing
from fogbank.services.ecr.records import (
    ACTIVATING,
    ACTIVE,
    ARCHIVED,
    ON_REPOSITORY,
    Answer,
    Home,
    Image,
    Request,
    find,
    images,
    registry_of,
    repositories,
)
from fogbank.services.ecr.service import service

# AWS takes up to 20 minutes to bring an image back.
_ACTIVATION_SECONDS = 5.0


# -- putting and getting


@service.operation(**ON_REPOSITORY)
async def put_image(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html"""
    home = await find(ctx, request)
    data, tag = request["imageManifest"].encode(), request.get("imageTag") or ""
    pushing.check_digest(data, request.get("imageDigest"))
    if await pushing.is_there(home, data, tag):
        raise errors.image_exists(home.name, home.ctx.account, pushing.digest_of(data), tag)
    image = await pushing.put(home, data, request.get("imageManifestMediaType"), tag)
    return {"image": _shape(home, {"imageDigest": image.digest, "imageTag": tag or None}, image, data)}


def _shape(home: Home, id: Answer, image: Image, data: bytes) -> Answer:
    return {
        **home.names,
        "imageId": id,
        "imageManifest": data.decode(),
        "imageManifestMediaType": image.media_type,
    }


@service.operation(**ON_REPOSITORY)
async def batch_get_image(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html"""
    home = await pulling.repository_of(registry_of(ctx, request), request["repositoryName"])
    accepted = request.get("acceptedMediaTypes")
    answer: Answer = {"images": [], "failures": []}
    for id in _each_once(request["imageIds"]):
        found = await image_ids.look_up(home, id)
        if isinstance(found, Image) and accepted and found.media_type not in accepted:
            found = "ImageNotFound", "Requested image not found"
        elif isinstance(found, Image) and found.status != ACTIVE:
            found = "ImageInaccessible", f"Requested image is {found.status.lower()}"
        if not isinstance(found, Image):
            answer["failures"].append(image_ids.failure(id, found))
            continue
        data = await pulling.manifest_of(home, found)
        whole = {"imageDigest": found.digest, "imageTag": id.get("imageTag")}
        answer["images"].append(_shape(home, whole, found, data))
    return answer


def _each_once(ids: list[Answer]) -> list[Answer]:
    return list({(each.get("imageDigest"), each.get("imageTag")): each for each in ids}.values())


# -- deleting


@service.operation(**ON_REPOSITORY)
async def batch_delete_image(ctx: Context, request: Request) -> Answer:
    """By a tag, the tag goes, and the image with its last one; by a digest, the image with all of its tags. API_BatchDeleteImage."""
    home = await find(ctx, request)
    answer: Answer = {"imageIds": [], "failures": []}
    for id in _each_once(request["imageIds"]):
        found = await image_ids.look_up(home, id)
        if isinstance(found, Image):
            refusal = await _delete(home, found, id.get("imageTag"), answer["imageIds"])
        else:
            refusal = found
        if refusal is not None:
            answer["failures"].append(image_ids.failure(id, refusal))
    return answer


async def _delete(home: Home, image: Image, tag: str | None, gone: list[Answer]) -> image_ids.Failure | None:
    if tag is not None and image.tags != [tag]:
        await deleting.untag(home, image, tag)
        gone.append({"imageDigest": image.digest, "imageTag": tag})
        return None
    if indexes := await deleting.indexes_with(home, image.digest):
        return "ImageReferencedByManifestList", f"Requested image referenced by manifest list: [{', '.join(indexes)}]"
    await deleting.remove(home, image)
    gone.extend({"imageDigest": image.digest, "imageTag": each} for each in image.tags or (None,))
    return None


# -- archiving


@service.operation(**ON_REPOSITORY)
async def update_image_storage_class(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UpdateImageStorageClass.html"""
    home = await find(ctx, request)
    image = await image_ids.find(home, request["imageId"])
    if request["targetStorageClass"] == "ARCHIVE":
        changed = await archive(home, image)
    else:
        changed = await _activate(home, image)
    return {
        **home.names,
        "imageId": {"imageDigest": image.digest, "imageTag": request["imageId"].get("imageTag")},
        "imageStatus": changed.status,
    }


async def archive(home: Home, image: Image) -> Image:
    """Raises ImageStorageClassUpdateNotSupportedException."""
    if image.status != ACTIVE:
        raise errors.storage_class_unchanged(f"The image is not in the storage class STANDARD: it is {image.status}.")
    changed = msgspec.structs.replace(image, status=ARCHIVED, archived=home.ctx.now())
    images.put(home.ctx, changed, home.name, image.digest)
    return changed


async def _activate(home: Home, image: Image) -> Image:
    if image.status != ARCHIVED:
        raise errors.storage_class_unchanged(f"The image is not in the storage class ARCHIVE: it is {image.status}.")
    changed = msgspec.structs.replace(image, status=ACTIVATING)
    images.put(home.ctx, changed, home.name, image.digest)
    await home.ctx.schedule("activated", {"repository": home.name, "digest": image.digest}, delay=_ACTIVATION_SECONDS)
    return changed


@service.task
async def activated(ctx: Context, payload: Request) -> None:
    name, digest = payload["repository"], payload["digest"]
    image = await images.get(ctx, name, digest)
    if await repositories.get(ctx, name) is not None and image is not None and image.status == ACTIVATING:
        images.put(ctx, msgspec.structs.replace(image, status=ACTIVE, activated=ctx.now()), name, digest)
