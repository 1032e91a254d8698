"""Values of secrets: GetSecretValue, BatchGetSecretValue."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context
from fogbank.services.secretsmanager import access, encryption, errors, limits, lists
from fogbank.services.secretsmanager.access import ON_SECRET
from fogbank.services.secretsmanager.secret import Secret, Version, arn, find_live, keep, versions
from fogbank.services.secretsmanager.service import service
from fogbank.services.secretsmanager.stages import CURRENT, of_version

Request = dict[str, Any]

_DAY = 86_400


@service.operation(**ON_SECRET)
async def get_secret_value(ctx: Context, request: Request) -> Request:
    """The value of a version: the one named, the one with the label, else the current one. API_GetSecretValue."""
    return await _read(ctx, request)


async def _read(ctx: Context, request: Request) -> Request:
    scope, secret = await find_live(ctx, request)
    version = await _version(scope, secret, request.get("VersionId"), request.get("VersionStage"))
    answer = await _shown(scope, secret, version)
    _note_access(scope, secret, version)
    return answer


async def _version(ctx: Context, secret: Secret, version_id: str | None, stage: str | None) -> Version:
    if version_id is None:
        stage = stage or CURRENT
        version_id = secret.stages.get(stage)
        version = None if version_id is None else await versions.get(ctx, secret.name, version_id)
        if version is None:
            raise errors.stage_not_found(stage)
        return version
    version = await versions.get(ctx, secret.name, version_id)
    if version is None:
        raise errors.version_not_found(version_id)
    if stage is not None and secret.stages.get(stage) != version_id:
        raise errors.stage_of_another_version()
    return version


async def _shown(ctx: Context, secret: Secret, version: Version) -> Request:
    value = await encryption.unseal(ctx, secret, version)
    return {
        "ARN": arn(ctx, secret),
        "Name": secret.name,
        "VersionId": version.id,
        "SecretString": value.decode() if version.text else None,
        "SecretBinary": None if version.text else value,
        "VersionStages": of_version(secret.stages, version.id) or None,
        "CreatedDate": version.created,
    }


def _note_access(ctx: Context, secret: Secret, version: Version) -> None:
    """Note the day, which is all that LastAccessedDate tells: the first reading of a day writes, the others do not."""
    day = ctx.now() // _DAY * _DAY
    if secret.accessed != day:
        keep(ctx, secret, accessed=day)
    if version.accessed != day:
        versions.put(ctx, msgspec.structs.replace(version, accessed=day), secret.name, version.id)


# -- many at once


@service.operation(resource=lambda ctx, request: "*")
async def batch_get_secret_value(ctx: Context, request: Request) -> Request:
    """The current values of secrets, by id or by filters; what fails for one is told beside the others. API_BatchGetSecretValue."""
    ids, filters = request.get("SecretIdList"), request.get("Filters")
    if (ids is None) == (filters is None):
        raise errors.ids_or_filters()
    if ids is not None and ("MaxResults" in request or "NextToken" in request):
        raise errors.page_of_ids()
    token = None
    if ids is None:
        await ctx.authorise("secretsmanager:ListSecrets", "*")
        found, token = await lists.page(ctx, request, limits.BATCH)
        ids = [arn(ctx, secret) for secret in found]
    shown: list[Request] = []
    failed: list[Request] = []
    for secret_id in ids:
        try:
            shown.append(await _value(ctx, secret_id))
        except AWSError as error:
            failed.append({"SecretId": secret_id, "ErrorCode": error.code, "Message": error.message})
    return {"SecretValues": shown, "Errors": failed, "NextToken": token}


async def _value(ctx: Context, secret_id: str) -> Request:
    request: Request = {"SecretId": secret_id}
    await access.check(ctx, "GetSecretValue", request)
    return await _read(ctx, request)
