"""What DAX keeps.

clusters          (name)              Cluster
parameter_groups  (name)              ParameterGroup; default.dax1.0 is there without a row
subnet_groups     (name)              SubnetGroup; default is there without a row
events            (time in us, id)    Event
attribute_lists   (cluster, id)       the names of an item's attributes besides its key, by the number that clients know them by
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.dax import errors
from fogbank.services.dax.service import service

DEFAULT_PARAMETERS = "default.dax1.0"
DEFAULT_SUBNETS = "default"
DEFAULT_TTL = "300000"


class Node(Record, frozen=True):
    id: str
    zone: str
    created: float
    status: str = "creating"


class Cluster(Record, frozen=True):
    """`port` is 0 until its door is open; `leaving` are the ids of nodes that are about to go."""

    name: str
    node_type: str
    role: str
    nodes: tuple[Node, ...]
    status: str = "creating"
    description: str | None = None
    subnet_group: str = DEFAULT_SUBNETS
    parameter_group: str = DEFAULT_PARAMETERS
    security_groups: tuple[str, ...] = ()
    window: str = ""
    topic: str | None = None
    topic_status: str = "active"
    encrypted: bool = False
    tls: bool = False
    network_type: str = "ipv4"
    port: int = 0
    tags: dict[str, str] = {}
    leaving: tuple[str, ...] = ()

    def arn(self, ctx: Context) -> str:
        return cluster_arn(ctx, self.name)

    def with_(self, **changes: Any) -> Cluster:
        return msgspec.structs.replace(self, **changes)


class ParameterGroup(Record, frozen=True):
    """`query_ttl` and `record_ttl` are milliseconds as they were given."""

    name: str
    description: str | None = None
    query_ttl: str = DEFAULT_TTL
    record_ttl: str = DEFAULT_TTL

    def shape(self) -> dict[str, Any]:
        return {"ParameterGroupName": self.name, "Description": self.description}


class SubnetGroup(Record, frozen=True):
    name: str
    description: str | None = None
    subnets: tuple[str, ...] = ()


class Event(Record, frozen=True):
    source: str
    kind: str
    message: str
    time: float


clusters = service.collection("clusters", Cluster, cached=True)
parameter_groups = service.collection("parameter_groups", ParameterGroup, cached=True)
subnet_groups = service.collection("subnet_groups", SubnetGroup)
events = service.collection("events", Event)
attribute_lists = service.collection("attribute_lists", bytes)


def cluster_arn(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:dax:{ctx.region}:{ctx.account}:cache/{name}"


async def find(ctx: Context, name: str) -> Cluster:
    """Raises ClusterNotFoundFault. Names have no case."""
    cluster = await clusters.get(ctx, name.lower())
    if cluster is None:
        raise errors.cluster_not_found(name)
    return cluster


async def find_available(ctx: Context, name: str) -> Cluster:
    """Raises ClusterNotFoundFault, or InvalidClusterStateFault while something is being done with it."""
    cluster = await find(ctx, name)
    if cluster.status != "available":
        raise errors.cluster_not_available(cluster.name, cluster.status)
    return cluster


async def find_parameters(ctx: Context, name: str) -> ParameterGroup:
    """Raises ParameterGroupNotFoundFault."""
    group = await parameter_groups.get(ctx, name.lower())
    if group is None and name.lower() == DEFAULT_PARAMETERS:
        return ParameterGroup(DEFAULT_PARAMETERS, "Default parameter group for DAX 1.0")
    if group is None:
        raise errors.parameter_group_not_found(name)
    return group


async def find_subnets(ctx: Context, name: str) -> SubnetGroup:
    """Raises SubnetGroupNotFoundFault."""
    group = await subnet_groups.get(ctx, name.lower())
    if group is None and name.lower() == DEFAULT_SUBNETS:
        return SubnetGroup(DEFAULT_SUBNETS, "Default CacheSubnetGroup")
    if group is None:
        raise errors.subnet_group_not_found(name)
    return group
