"""Versions of a secret: PutSecretValue, UpdateSecretVersionStage, ListSecretVersionIds, and how a version is made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fogbank.kernel import Context, pages
from fogbank.services.secretsmanager import copying, encryption, errors, limits, rotation_plans, stages
from fogbank.services.secretsmanager.access import ON_SECRET
from fogbank.services.secretsmanager.saving import save
from fogbank.services.secretsmanager.secret import (
    Secret,
    Version,
    arn,
    find,
    find_own,
    versions,
)
from fogbank.services.secretsmanager.service import service

Request = dict[str, Any]


# -- values of requests


def value_of(request: Request) -> tuple[bytes, bool] | None:
    """The value that a request brings, and whether it is a text; None when it brings none."""
    text, binary = request.get("SecretString"), request.get("SecretBinary")
    if text is not None and binary is not None:
        raise errors.two_values()
    if text is None and binary is None:
        return None
    value: bytes = binary if text is None else text.encode("utf-8", "surrogatepass")  # type: ignore[assignment]
    if len(value) > limits.SECRET_BYTES:
        raise errors.value_too_long("secretBinary" if text is None else "secretString")
    return value, text is not None


def token_of(request: Request) -> str:
    """The id that a new version is to have. SDKs make it; a bare HTTP request must, too."""
    if "ClientRequestToken" not in request:
        raise errors.no_request_token()
    return request["ClientRequestToken"]


# -- making versions


async def is_there(ctx: Context, secret: Secret, version_id: str, value: tuple[bytes, bool]) -> bool:
    """Does the secret have this version with this value? Raises ResourceExistsException when it has another value."""
    version = await versions.get(ctx, secret.name, version_id)
    if version is None:
        return False
    same = version.text == value[1] and await encryption.unseal(ctx, secret, version) == value[0]
    if not same:
        raise errors.token_in_use(version_id, arn(ctx, secret))
    return True


async def add(
    ctx: Context, secret: Secret, version_id: str, value: tuple[bytes, bool], labels: Iterable[str] | None = None
) -> stages.Stages:
    """Write a new version and answer the staging labels that the secret has with it."""
    after = stages.for_new_version(secret.stages, version_id, labels)
    await _make_room(ctx, secret, after)
    await copying.write(ctx, secret, version_id, value, ctx.now())
    return after


async def _make_room(ctx: Context, secret: Secret, after: stages.Stages) -> None:
    """Let go of versions without a label when there are too many. One that is younger than a day stays."""
    present = await versions.scan(ctx, secret.name)
    surplus = len(present) + 1 - limits.VERSIONS
    if surplus <= 0:
        return
    labelled = set(after.values())
    old = ctx.now() - limits.VERSION_KEPT_SECONDS
    deprecated = [version for version in present if version.id not in labelled and version.created < old]
    if len(deprecated) < surplus:
        raise errors.too_many_versions()
    for version in sorted(deprecated, key=lambda version: version.created)[:surplus]:
        versions.delete(ctx, secret.name, version.id)


# -- operations


@service.operation(**ON_SECRET)
async def put_secret_value(ctx: Context, request: Request) -> Request:
    """Add a version, or find that it is there already. API_PutSecretValue."""
    value = value_of(request)
    if value is None:
        raise errors.no_value()
    version_id = token_of(request)
    scope, secret = await find_own(ctx, request)
    _check_rotation_token(secret, request)
    if not await is_there(scope, secret, version_id, value):
        after = await add(scope, secret, version_id, value, request.get("VersionStages"))
        rotation = await rotation_plans.after_change(scope, secret)
        secret = await save(scope, secret, stages=after, rotation=rotation)
    return {
        "ARN": arn(scope, secret),
        "Name": secret.name,
        "VersionId": version_id,
        "VersionStages": stages.of_version(secret.stages, version_id) or None,
    }


def _check_rotation_token(secret: Secret, request: Request) -> None:
    token = request.get("RotationToken")
    if token is not None and (secret.rotation is None or secret.rotation.secret_token != token):
        raise errors.invalid_rotation_token()


@service.operation(**ON_SECRET)
async def update_secret_version_stage(ctx: Context, request: Request) -> Request:
    """Move a staging label between versions, put it on one, or take it from one. API_UpdateSecretVersionStage."""
    scope, secret = await find_own(ctx, request)
    target, source = request.get("MoveToVersionId"), request.get("RemoveFromVersionId")
    for version_id in (target, source):
        if version_id is not None and not await _is_known(scope, secret, version_id):
            raise errors.version_not_found(version_id)
    after = stages.moved(secret.stages, request["VersionStage"], source, target)
    await save(scope, secret, stages=after)
    return {"ARN": arn(scope, secret), "Name": secret.name}


async def _is_known(ctx: Context, secret: Secret, version_id: str) -> bool:
    """Versions are those with a value, and those with a label that a rotation is still to give one."""
    return version_id in secret.stages.values() or await versions.get(ctx, secret.name, version_id) is not None


@service.operation(**ON_SECRET)
async def list_secret_version_ids(ctx: Context, request: Request) -> Request:
    """The versions with a value and a label, oldest first; those without a label when asked for. API_ListSecretVersionIds."""
    scope, secret = await find(ctx, request)
    labels = stages.by_version(secret.stages)
    rows = sorted(await versions.scan(scope, secret.name), key=_position)
    if not request.get("IncludeDeprecated"):
        rows = [version for version in rows if version.id in labels]
    if "NextToken" in request:
        after = pages.position(request["NextToken"], errors.invalid_next_token())
        rows = [version for version in rows if _position(version) > after]
    shown, token = pages.page(rows, request.get("MaxResults", limits.PAGE), _position)
    return {
        "ARN": arn(scope, secret),
        "Name": secret.name,
        "Versions": [_entry(version, labels.get(version.id)) for version in shown],
        "NextToken": token,
    }


def _position(version: Version) -> str:
    return f"{version.created:020.6f} {version.id}"


def _entry(version: Version, labels: list[str] | None) -> Request:
    return {
        "VersionId": version.id,
        "VersionStages": labels,
        "LastAccessedDate": version.accessed,
        "CreatedDate": version.created,
        "KmsKeyIds": [version.key],
    }
