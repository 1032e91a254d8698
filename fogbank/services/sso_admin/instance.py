"""Instances: one for each account, with an identity store of its own.

instances    (id)       Instance, in its account: there is one in all regions
portals      (store)    Portal, of all accounts: people sign in before it is known whose they are
"""

from __future__ import annotations

from typing import Any

from fogbank.identity.workforce import Portal
from fogbank.kernel import Context, Record
from fogbank.services.sso_admin import errors
from fogbank.services.sso_admin.service import service

Request = dict[str, Any]


class Instance(Record, frozen=True):
    """`created` is epoch seconds, `store` the id of the identity store, `token` the client token it was made with."""

    id: str
    store: str
    region: str
    created: float
    status: str = "CREATE_IN_PROGRESS"
    name: str | None = None
    tags: dict[str, str] = {}
    token: str | None = None


instances = service.collection("instances", Instance, scope="account")
portals = service.collection("portals", Portal, scope="global")


def arn_of(ctx: Context, instance: Instance) -> str:
    return f"arn:{ctx.partition}:sso:::instance/{instance.id}"


def id_in(arn: str) -> str:
    """The instance's id in its ARN, or in that of something in it."""
    return arn.split("/")[1]


async def find(ctx: Context, request: Request) -> Instance:
    """The instance that a request names. Raises ResourceNotFoundException."""
    instance = await instances.get(ctx, id_in(request["InstanceArn"]))
    if instance is None or instance.region != ctx.region:
        raise errors.instance_not_found(request["InstanceArn"])
    return instance


def named_arn(ctx: Context, request: Request) -> str:
    return request["InstanceArn"]


# Options of operations that are about an instance.
ON_INSTANCE: dict[str, Any] = {"resource": named_arn}
