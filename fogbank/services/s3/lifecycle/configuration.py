"""The lifecycle configuration of a bucket, by its present name and by the one that it had until 2016.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3 import changes, errors, settings
from fogbank.services.s3.content import digests
from fogbank.services.s3.lifecycle import checks as lifecycle_checks
from fogbank.services.s3.lifecycle.rules import ALL_CLASSES, KIND
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import ENABLED, home_of
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_MINIMUM = "TransitionDefaultMinimumObjectSize"
# In the documents of the older operations there is one transition, which has the same name on the wire.
_PLURALS = {"Transition": "Transitions", "NoncurrentVersionTransition": "NoncurrentVersionTransitions"}
_SINGULARS = {plural: singular for singular, plural in _PLURALS.items()}


@service.operation(action="s3:PutLifecycleConfiguration", **access.ON_BUCKET)
async def put_bucket_lifecycle_configuration(ctx: Context, request: Request) -> Answer:
    """Replace the rules; they are applied every midnight (UTC) from now on.

    Errors: MalformedXML, InvalidArgument, InvalidRequest (see `checks.py`).
    """
    digests.check_document(ctx.request, required=True)
    document = request.get("LifecycleConfiguration") or {}
    minimum = request.get(_MINIMUM) or ALL_CLASSES
    await _put(ctx, request, document.get("Rules") or [], minimum)
    return {_MINIMUM: minimum}


@service.operation(action="s3:PutLifecycleConfiguration", **access.ON_BUCKET)
async def put_bucket_lifecycle(ctx: Context, request: Request) -> Answer:
    """The older form, in which a rule has a prefix and one transition."""
    digests.check_document(ctx.request)
    rules = (request.get("LifecycleConfiguration") or {}).get("Rules") or []
    await _put(ctx, request, [_present(rule) for rule in rules], ALL_CLASSES)
    return {}


def _present(rule: Request) -> Request:
    """A rule of the older form in the present one."""
    return {_PLURALS.get(name, name): [value] if name in _PLURALS else value for name, value in rule.items()}


async def _put(ctx: Context, request: Request, rules: list[Request], minimum: str) -> None:
    home = await home_of(ctx, request)
    if home.bucket.mfa_delete == ENABLED:
        raise errors.invalid_bucket_state("Lifecycle configuration is not supported on a bucket with MFA delete.")
    lifecycle_checks.check(rules)
    named = [{**rule, "ID": rule.get("ID") or b64encode(ctx.ids.uuid().encode()).decode()} for rule in rules]
    settings.write(home, KIND, {"Rules": named, _MINIMUM: minimum})
    changes.set_feature(home, KIND, True)
    scope = settings.scope(home)
    await scope.schedule("apply_lifecycle", {"bucket": home.name}, at=settings.next_midnight(ctx.now()), key=home.name)


@service.operation(action="s3:GetLifecycleConfiguration", **access.ON_BUCKET)
async def get_bucket_lifecycle_configuration(ctx: Context, request: Request) -> Answer:
    return await _get(ctx, request)


@service.operation(action="s3:GetLifecycleConfiguration", **access.ON_BUCKET)
async def get_bucket_lifecycle(ctx: Context, request: Request) -> Answer:
    rules = (await _get(ctx, request))["Rules"]
    return {
        "Rules": [{_SINGULARS.get(name, name): _one(name, value) for name, value in rule.items()} for rule in rules]
    }


def _one(name: str, value: Any) -> Any:
    return value[0] if name in _SINGULARS else value


async def _get(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    document = await settings.read(home, KIND)
    if document is None:
        raise errors.no_such_configuration(
            "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", home.name
        )
    return document


@service.operation(action="s3:PutLifecycleConfiguration", **access.ON_BUCKET)
async def delete_bucket_lifecycle(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    settings.erase(home, KIND)
    changes.set_feature(home, KIND, False)
    await settings.scope(home).unschedule("apply_lifecycle", home.name)
    return {}
