"""Instances: one for each account, with an identity store of its own.

instances    (id)       Instance, in its account: there is one in all regions
regions      (instance, region)    Region: in which else it answers
portals      (store)    Portal, of all accounts: people sign in before it is known whose they are
"""

from __future__ import annotations

from typing import Any

from fogbank.identity.workforce import Portal, lets_in
from fogbank.kernel import Context, Record
from fogbank.services.sso_admin import errors
from fogbank.services.sso_admin.service import service

Request = dict[str, Any]

# A closed network can always be opened again.
_ALWAYS_REACHABLE = frozenset({"describe_instance", "update_instance"})


class Instance(Record, frozen=True):
    """An instance.

    store       the id of its identity store
    created     epoch seconds
    token       the client token it was made with
    encryption, network   as UpdateInstance was given them
    """

    id: str
    store: str
    region: str
    created: float
    status: str = "CREATE_IN_PROGRESS"
    name: str | None = None
    tags: dict[str, str] = {}
    token: str | None = None
    encryption: dict[str, str] | None = None
    network: dict[str, Any] | None = None


class Region(Record, frozen=True):
    """A further region of an instance. `added` is epoch seconds."""

    name: str
    added: float
    status: str


instances = service.collection("instances", Instance, scope="account")
regions = service.collection("regions", Region, scope="account")
portals = service.collection("portals", Portal, scope="global")


def arn_of(ctx: Context, instance: Instance) -> str:
    return f"arn:{ctx.partition}:sso:::instance/{instance.id}"


def store_arn(ctx: Context, instance: Instance) -> str:
    return f"arn:{ctx.partition}:identitystore::{ctx.account}:identitystore/{instance.store}"


def id_in(arn: str) -> str:
    """The instance's id in its ARN, or in that of something in it."""
    return arn.split("/")[1]


def key_of(arn: str) -> tuple[str, str]:
    """(instance, id) in the ARN of something in an instance."""
    _, instance, identifier = arn.split("/")
    return instance, identifier


async def find(ctx: Context, request: Request) -> Instance:
    """The instance that a request names. Raises ResourceNotFoundException."""
    instance = await instances.get(ctx, id_in(request["InstanceArn"]))
    if instance is None or not await answers_in(ctx, instance):
        raise errors.instance_not_found(request["InstanceArn"])
    if ctx.operation not in _ALWAYS_REACHABLE and not _lets_in(instance, ctx):
        raise errors.outside_network()
    return instance


def _lets_in(instance: Instance, ctx: Context) -> bool:
    """Does the network configuration let the request in? Those of services pass."""
    network, request = instance.network, ctx.request
    if network is None or request is None:
        return True
    vpcs, addresses = network.get("RestrictSourceVpcs", ()), network.get("AllowSourceIps", ())
    return lets_in(request.remote, network["VpceAccessRequired"], vpcs, addresses)


async def answers_in(ctx: Context, instance: Instance) -> bool:
    """Is the context's region one of the instance's?"""
    if instance.region == ctx.region:
        return True
    further = await regions.get(ctx, instance.id, ctx.region)
    return further is not None and further.status == "ACTIVE"


def named_arn(ctx: Context, request: Request) -> str:
    return request["InstanceArn"]


# Options of operations that are about an instance.
ON_INSTANCE: dict[str, Any] = {"resource": named_arn}
