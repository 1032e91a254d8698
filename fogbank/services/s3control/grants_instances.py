"""S3 Access Grants: the instance of an account in a region, to which locations and grants belong.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants-instance.html

    grants-instance   (nothing)   -> Instance
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fogbank.kernel import AWSError, Collection, Context, Record
from fogbank.kernel.actions import with_members
from fogbank.services.s3control import accounts, errors, policies, tags
from fogbank.services.s3control.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

replace = msgspec.structs.replace

ID = "default"
_PROVIDER = "arn:aws:sso::aws:applicationProvider/custom"


class Instance(Record, frozen=True):
    """`identity_center` and `application` are ARNs, empty without an association. Times are epoch seconds."""

    created: float
    identity_center: str = ""
    application: str = ""
    policy: str = ""
    organization: str = ""
    policy_created: float = 0


instances: Collection[Instance] = service.collection("grants-instance", Instance)


def arn_of(home: Context) -> str:
    return f"arn:aws:s3:{home.region}:{home.account}:access-grants/{ID}"


async def _policy(ctx: Context, request: Request) -> str | None:
    found = await instances.get(accounts.home(ctx, request))
    return found.policy or None if found is not None else None


ON: dict[str, Any] = accounts.on(f"arn:aws:s3:{{region}}:{{account}}:access-grants/{ID}")
# What another account may do when the instance's policy lets it.
ON_SHARED: dict[str, Any] = {**ON, "policy": _policy}


async def find(home: Context) -> Instance:
    """The instance of the context's account and region. Raises AccessGrantsInstanceNotExistsError."""
    found = await instances.get(home)
    if found is None:
        raise errors.no_grants_instance()
    return found


async def _exists(home: Context, name: str) -> bool:
    return name == ID and await instances.get(home) is not None


tags.kind("access-grants/", _exists)


# -- the instance


@service.operation(action=with_members("s3:CreateAccessGrantsInstance", {"Tags": "s3:TagResource"}), **ON)
async def create_access_grants_instance(ctx: Context, request: Request) -> Answer:
    """Errors: AccessGrantsInstanceAlreadyExists, InvalidIdentityCenterInstance."""
    home = accounts.home(ctx, request)
    if await instances.get(home) is not None:
        raise errors.grants_instance_exists()
    made = Instance(home.now())
    if request.get("IdentityCenterArn"):
        made = await _associated(home, made, request["IdentityCenterArn"])
    instances.put(home, made)
    tags.put_new(home, arn_of(home), request.get("Tags"))
    return _entry(home, made)


@service.operation(**ON)
async def get_access_grants_instance(ctx: Context, request: Request) -> Answer:
    home = accounts.home(ctx, request)
    return _entry(home, await find(home))


@service.operation(**accounts.ON_ACCOUNT)
async def list_access_grants_instances(ctx: Context, request: Request) -> Answer:
    """An account has one in a region at most."""
    home = accounts.home(ctx, request)
    accounts.limit_of(request)
    found = await instances.get(home) if accounts.after_of(request) is None else None
    return {"AccessGrantsInstancesList": [] if found is None else [_entry(home, found)]}


def _entry(home: Context, instance: Instance) -> Answer:
    return {
        "AccessGrantsInstanceId": ID,
        "AccessGrantsInstanceArn": arn_of(home),
        "CreatedAt": instance.created,
        "IdentityCenterArn": instance.application or None,
        "IdentityCenterInstanceArn": instance.identity_center or None,
        "IdentityCenterApplicationArn": instance.application or None,
    }


@service.operation(**ON)
async def delete_access_grants_instance(ctx: Context, request: Request) -> Answer:
    """Errors: AccessGrantsInstanceNotEmptyError, InvalidRequest while an Identity Center instance is associated."""
    home = accounts.home(ctx, request)
    found = await find(home)
    if await service.collections["grants-locations"].count(home, limit=1):
        raise errors.grants_instance_not_empty()
    if found.identity_center:
        raise errors.identity_center_associated()
    instances.delete(home)
    tags.forget(home, arn_of(home))
    return {}


# -- Identity Center


async def _associated(home: Context, instance: Instance, arn: str) -> Instance:
    """The instance with an application of its own in Identity Center, made with the caller's permissions."""
    application = {"InstanceArn": arn, "Name": f"S3 Access Grants {home.region}", "ApplicationProviderArn": _PROVIDER}
    try:
        await home.call("sso-admin", "DescribeInstance", {"InstanceArn": arn}, as_caller=True)
        made = await home.call("sso-admin", "CreateApplication", application, as_caller=True)
    except AWSError as error:
        if error.code in ("ResourceNotFoundException", "ValidationException"):
            raise errors.invalid_identity_center() from None
        raise
    return replace(instance, identity_center=arn, application=made["ApplicationArn"])


@service.operation(**ON)
async def associate_access_grants_identity_center(ctx: Context, request: Request) -> Answer:
    home = accounts.home(ctx, request)
    found = await find(home)
    if found.identity_center:
        raise errors.invalid_identity_center()
    instances.put(home, await _associated(home, found, request["IdentityCenterArn"]))
    return {}


@service.operation(**ON)
async def dissociate_access_grants_identity_center(ctx: Context, request: Request) -> Answer:
    home = accounts.home(ctx, request)
    found = await find(home)
    if not found.identity_center:
        raise errors.invalid_identity_center()
    await home.call("sso-admin", "DeleteApplication", {"ApplicationArn": found.application}, as_caller=True)
    instances.put(home, replace(found, identity_center="", application=""))
    return {}


# -- the policy that lets other accounts in


@service.operation(**ON)
async def put_access_grants_instance_resource_policy(ctx: Context, request: Request) -> Answer:
    """Errors: InvalidResourcePolicy."""
    home = accounts.home(ctx, request)
    found = await find(home)
    text = request["Policy"]
    try:
        policies.checked(text, arn_of(home))
    except AWSError:
        raise errors.invalid_grants_policy() from None
    found = replace(
        found, policy=text, organization=request.get("Organization") or _organization(text), policy_created=home.now()
    )
    instances.put(home, found)
    return _policy_entry(found)


def _organization(text: str) -> str:
    """The organization that a policy shares the instance with, as far as it names one."""
    for statement in policies.listed(json.loads(text).get("Statement")):
        for test in (statement.get("Condition") or {}).values():
            for key, value in test.items():
                if key.lower() == "aws:principalorgid":
                    return str(policies.listed(value)[0])
    return ""


@service.operation(**ON)
async def get_access_grants_instance_resource_policy(ctx: Context, request: Request) -> Answer:
    found = await find(accounts.home(ctx, request))
    if not found.policy:
        raise errors.no_grants_policy()
    return _policy_entry(found)


def _policy_entry(found: Instance) -> Answer:
    return {"Policy": found.policy, "Organization": found.organization or None, "CreatedAt": found.policy_created}


@service.operation(**ON)
async def delete_access_grants_instance_resource_policy(ctx: Context, request: Request) -> Answer:
    home = accounts.home(ctx, request)
    instances.put(home, replace(await find(home), policy="", organization="", policy_created=0.0))
    return {}
