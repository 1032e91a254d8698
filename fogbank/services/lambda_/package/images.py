"""Functions of container images: where in ECR the image is, whether Lambda may have it, and how its bytes get here.

https://docs.aws.amazon.com/lambda/latest/dg/images-create.html. An image is looked up once, when the function is made: from then on
it is the one with that digest, wherever its tag goes.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from fogbank.engines.warden import CannotStart
from fogbank.kernel import AWSError, Context
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.records import FAILED, PENDING, Code, Function, functions, key_of
from fogbank.services.lambda_.runtime import image_plans
from fogbank.services.lambda_.runtime.images import IMAGE_BYTES, BadImage, Images, Unpacked
from fogbank.services.lambda_.runtime.plans import Plan
from fogbank.services.lambda_.runtime.pools import Runtimes

# As AWS has them, or with the address of this server for the registry.
_URI = re.compile(
    r"(?P<host>[^/]+)/(?P<name>[a-z0-9._/-]+?)(?::(?P<tag>[\w.-]{1,300}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_HOST = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.")
_ADDRESS = re.compile(r"localhost|\[?[0-9a-f:]+\]?:\d+|[^/]+:\d+|\d+\.\d+\.\d+\.\d+")
_MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
)
_DENIED = ("AccessDenied", "AccessDeniedException")


class Failure(NamedTuple):
    """Why an image cannot be run: a StateReasonCode, and the reason."""

    code: str
    reason: str


class Source(NamedTuple):
    """An image as a URI names it. `scope` is the registry's context."""

    scope: Context
    uri: str
    repository: str
    tag: str
    digest: str


def source_of(ctx: Context, uri: str) -> Source:
    """Where the image is. Raises InvalidParameterValueException for what is no image of ECR's."""
    found = _URI.fullmatch(uri)
    if found is None or not (found["tag"] or found["digest"]):
        raise errors.image_not_valid(uri)
    registry = _HOST.match(found["host"])
    if registry is None and _ADDRESS.fullmatch(found["host"]) is None:
        raise errors.image_not_valid(uri)
    if registry is not None and registry[2] != ctx.region:
        raise errors.image_not_valid(uri)
    scope = ctx if registry is None else ctx.at(account=registry[1])
    return Source(scope, uri, found["name"], found["tag"] or "", found["digest"] or "")


async def resolve(ctx: Context, uri: str, function_arn: str) -> Code:
    """The image that a request names, which has to be there, and to be one that Lambda runs. In no transaction.

    Raises InvalidParameterValueException, AccessDeniedException.
    """
    source = source_of(ctx, uri)
    digest, manifest = await ctx.transact(_manifest, ctx, source, function_arn)
    if sum(layer["size"] for layer in manifest["layers"]) > IMAGE_BYTES:
        raise errors.image_too_large(uri)
    return Code(sha256=digest.removeprefix("sha256:"), image=uri)


async def _manifest(ctx: Context, source: Source, function_arn: str) -> tuple[str, dict]:  # type: ignore[type-arg]
    id = {"imageDigest": source.digest} if source.digest else {"imageTag": source.tag}
    request = {"registryId": source.scope.account, "repositoryName": source.repository, "imageIds": [id]}
    try:
        answer = await _asked(ctx, request, function_arn)
    except AWSError as error:
        raise _refusal(error, source) from error
    if not answer["images"]:
        raise errors.image_does_not_exist(source.uri)
    image = answer["images"][0]
    if image["imageManifestMediaType"] not in _MANIFESTS:
        raise errors.image_type_not_supported(source.uri)
    return image["imageId"]["imageDigest"], json.loads(image["imageManifest"])


async def _asked(ctx: Context, request: dict[str, Any], function_arn: str) -> dict[str, Any]:
    """What ECR says. Either the caller or Lambda itself has to be let in; to an image of another account, both."""

    async def ask(**asker: Any) -> dict[str, Any]:
        return await ctx.call("ecr", "BatchGetImage", request, **asker)

    if request["registryId"] != ctx.account:
        await ask(source_arn=function_arn)
        return await ask(as_caller=True)
    try:
        return await ask(as_caller=True)
    except AWSError as error:
        if error.code in _DENIED:
            return await ask(source_arn=function_arn)
        raise


def _refusal(error: AWSError, source: Source) -> AWSError:
    if error.code in _DENIED:
        return errors.image_access_denied()
    if error.code in ("RepositoryNotFoundException", "NotImplemented"):
        return errors.image_does_not_exist(source.uri)
    return error


def resolved_uri(code: Code) -> str:
    """The URI of the very image that is run."""
    repository = code.image.partition("@")[0]
    host, _, rest = repository.partition("/")
    return f"{host}/{rest.partition(':')[0]}@sha256:{code.sha256}"


def check_source(package_type: str, given: dict[str, Any]) -> None:
    """Raise InvalidParameterValueException when the code that a request brings is not of the function's kind."""
    if package_type == "Image" and not given.get("ImageUri"):
        raise errors.no_image_uri()
    if package_type == "Zip" and given.get("ImageUri"):
        raise errors.image_uri_for_zip()


# -- its bytes


async def unpacked(ctx: Context, images: Images, code: Code) -> Unpacked:
    """The image, unpacked now if it is not yet. Raises BadImage, OSError, and AWSError when it is gone from ECR."""
    found = await asyncio.to_thread(images.find, code.sha256)
    if found is not None:
        return found
    source = source_of(ctx, code.image)
    ecr = ctx.app.services["ecr"]
    registry = source.scope.at(service=ecr)
    content = await registry.transact(
        ecr.provided["image_content"], registry, source.repository, f"sha256:{code.sha256}"
    )
    if content is None:
        raise errors.image_does_not_exist(code.image)
    manifest = json.loads(content.manifest)
    wanted = [manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])]
    if missing := [digest for digest in wanted if digest not in content.blobs]:
        raise BadImage(f"ECR does not have {', '.join(missing)}")
    config = b"".join(
        await asyncio.to_thread(lambda: list(ctx.blobs.chunks(content.blobs[manifest["config"]["digest"]])))
    )

    def layers() -> Iterator[Iterator[bytes]]:
        for digest in wanted[1:]:
            yield ctx.blobs.chunks(content.blobs[digest])

    return await asyncio.to_thread(images.unpack, code.sha256, config, layers())


async def prepare(ctx: Context, images: Images, code: Code) -> Failure | None:
    """Unpack the image; why it never can be, if that is so."""
    try:
        await unpacked(ctx, images, code)
    except BadImage as error:
        return Failure("InvalidImage", str(error))
    except AWSError as error:
        return Failure("ImageDeleted", error.message)
    except OSError as error:
        return Failure("InternalError", str(error))
    return None


def note_failure(ctx: Context, function: Function, failure: Failure) -> None:
    """A new function fails, an old one's update does. In a transaction."""
    fields: dict[str, Any] = {
        "update_status": "Failed",
        "update_reason": failure.reason,
        "update_code": failure.code,
    }
    if function.state == PENDING:
        fields.update(state=FAILED, state_reason=failure.reason, state_code=failure.code)
    functions.put(ctx, msgspec.structs.replace(function, **fields), function.name, key_of(function.version))


# -- running


async def plan_of(scope: Context, runtimes: Runtimes, function: Function) -> Plan:
    """What to start. Raises InvalidRuntimeException where the image cannot be run at all."""
    overrides = function.config.get("ImageConfig") or {}
    scratch = function.config["EphemeralStorage"]["Size"] << 20
    architecture = function.config["Architectures"][0]
    try:
        image_plans.require_rooms(await asyncio.to_thread(lambda: runtimes.skeleton))
        image = await unpacked(scope, runtimes.images, function.code)
        return await asyncio.to_thread(image_plans.plan, image, overrides, architecture, runtimes.directory, scratch)
    except (CannotStart, BadImage, OSError) as error:
        raise errors.no_runtime(str(error)) from error
