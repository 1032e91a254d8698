"""The nodes of a cluster: how many there are, and their restarts."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.dax import errors, limits
from fogbank.services.dax.events import note_cluster
from fogbank.services.dax.records import Cluster, Node, cluster_arn, clusters, find, find_available
from fogbank.services.dax.service import service
from fogbank.services.dax.shapes import cluster_shape
from fogbank.services.dax.subnet_groups import zone

Request = dict[str, Any]

_SETTLING = 1.0
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _itself(ctx: Context, request: Request) -> str:
    return cluster_arn(ctx, request["ClusterName"].lower())


def make_nodes(
    ctx: Context, name: str, present: tuple[Node, ...], count: int, zones: list[str] | None
) -> tuple[Node, ...]:
    """`count` new nodes, in these zones or spread over all. Raises InvalidParameterCombinationException."""
    if zones is not None and len(zones) != count:
        raise errors.invalid_combination("The number of AvailabilityZones must equal the number of new nodes.")
    taken = {node.id for node in present}
    ids = [id for letter in _LETTERS if (id := f"{name}-{letter}") not in taken][:count]
    first = len(present)
    return tuple(
        Node(id, zones[number] if zones else zone(ctx, first + number), ctx.now()) for number, id in enumerate(ids)
    )


@service.operation(resource=_itself)
async def increase_replication_factor(ctx: Context, request: Request) -> dict[str, Any]:
    cluster = await find_available(ctx, request["ClusterName"])
    wanted = request["NewReplicationFactor"]
    added = wanted - len(cluster.nodes)
    if added <= 0:
        raise errors.invalid_value("NewReplicationFactor must be greater than the current number of nodes.")
    if wanted > limits.NODES_OF_CLUSTER:
        raise errors.too_many_nodes(limits.NODES_OF_CLUSTER)
    if added + sum(len(each.nodes) for each in await clusters.scan(ctx)) > limits.NODES_OF_CUSTOMER:
        raise errors.too_many_nodes_of_customer(limits.NODES_OF_CUSTOMER)
    nodes = make_nodes(ctx, cluster.name, cluster.nodes, added, request.get("AvailabilityZones"))
    return await _begin(ctx, cluster.with_(nodes=cluster.nodes + nodes))


@service.operation(resource=_itself)
async def decrease_replication_factor(ctx: Context, request: Request) -> dict[str, Any]:
    cluster = await find_available(ctx, request["ClusterName"])
    wanted = request["NewReplicationFactor"]
    removed = len(cluster.nodes) - wanted
    if wanted < 1 or removed <= 0:
        raise errors.invalid_value(
            "NewReplicationFactor must be at least 1, and less than the current number of nodes."
        )
    leaving = _leaving(cluster, removed, request)
    nodes = tuple(_with_status(node, "deleting" if node.id in leaving else node.status) for node in cluster.nodes)
    return await _begin(ctx, cluster.with_(nodes=nodes, leaving=leaving))


def _leaving(cluster: Cluster, count: int, request: Request) -> tuple[str, ...]:
    """The ids of the nodes to go: those that are named, else the last ones, in these zones if there are any given."""
    ids, zones = request.get("NodeIdsToRemove"), request.get("AvailabilityZones")
    known = {node.id for node in cluster.nodes}
    for id in ids or ():
        if id not in known:
            raise errors.node_not_found(id)
    if ids is None:
        candidates = [node.id for node in cluster.nodes if not zones or node.zone in zones]
        ids = candidates[-count:]
    if len(set(ids)) != count:
        raise errors.invalid_combination("The nodes to remove do not match NewReplicationFactor.")
    return tuple(ids)


@service.operation(resource=_itself)
async def reboot_node(ctx: Context, request: Request) -> dict[str, Any]:
    """The caches are empty afterwards."""
    cluster = await find_available(ctx, request["ClusterName"])
    if request["NodeId"] not in {node.id for node in cluster.nodes}:
        raise errors.node_not_found(request["NodeId"])
    nodes = tuple(
        _with_status(node, "rebooting" if node.id == request["NodeId"] else node.status) for node in cluster.nodes
    )
    ctx.notify("dax-restart", cluster.arn(ctx))
    return await _begin(ctx, cluster.with_(nodes=nodes))


async def _begin(ctx: Context, cluster: Cluster) -> dict[str, Any]:
    cluster = cluster.with_(status="modifying")
    clusters.put(ctx, cluster, cluster.name)
    await settle_soon(ctx, cluster.name)
    return {"Cluster": cluster_shape(ctx, cluster)}


async def settle_soon(ctx: Context, name: str, delay: float = _SETTLING) -> None:
    await ctx.schedule("settle", {"name": name}, delay=delay, key=name)


@service.task
async def settle(ctx: Context, payload: dict[str, str]) -> None:
    """The end of a creation or a change: what was to go is gone, all else is available."""
    cluster = await find(ctx, payload["name"])
    message = "Cluster created." if cluster.status == "creating" else "Cluster modified."
    nodes = tuple(_with_status(node, "available") for node in cluster.nodes if node.id not in cluster.leaving)
    clusters.put(ctx, cluster.with_(status="available", nodes=nodes, leaving=()), cluster.name)
    await note_cluster(ctx, cluster, message)


def _with_status(node: Node, status: str) -> Node:
    return msgspec.structs.replace(node, status=status)
