"""Clusters: creation, changes, deletion. A new one is available when its door (`door.py`) is open for the first time."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.dax import errors, limits, listing
from fogbank.services.dax.events import note_cluster
from fogbank.services.dax.nodes import make_nodes, settle_soon
from fogbank.services.dax.records import (
    DEFAULT_PARAMETERS,
    DEFAULT_SUBNETS,
    Cluster,
    attribute_lists,
    cluster_arn,
    clusters,
    find,
    find_available,
    find_parameters,
    find_subnets,
)
from fogbank.services.dax.service import service
from fogbank.services.dax.shapes import cluster_shape
from fogbank.services.dax.tags import tags_of

Request = dict[str, Any]

_DEFAULT_WINDOW = "sun:05:00-sun:06:00"
_DELETED_AT_ONCE = 500
# Changes of a cluster that its nodes take a while to follow; the others are notes about it.
_ON_NODES = frozenset({"parameter_group", "security_groups"})


def itself(ctx: Context, request: Request) -> str:
    return cluster_arn(ctx, request["ClusterName"].lower())


def those(ctx: Context, request: Request) -> list[str]:
    return [cluster_arn(ctx, name.lower()) for name in request.get("ClusterNames") or ["*"]]


@service.operation(resource=itself)
async def create_cluster(ctx: Context, request: Request) -> dict[str, Any]:
    name = request["ClusterName"].lower()
    _check(request, name)
    if await clusters.get(ctx, name) is not None:
        raise errors.cluster_exists(name)
    subnets = await find_subnets(ctx, request.get("SubnetGroupName") or DEFAULT_SUBNETS)
    parameters = await find_parameters(ctx, request.get("ParameterGroupName") or DEFAULT_PARAMETERS)
    await _check_quotas(ctx, request["ReplicationFactor"])
    await ctx.pass_role(request["IamRoleArn"])
    cluster = Cluster(
        name,
        request["NodeType"],
        request["IamRoleArn"],
        make_nodes(ctx, name, (), request["ReplicationFactor"], request.get("AvailabilityZones")),
        description=request.get("Description"),
        subnet_group=subnets.name,
        parameter_group=parameters.name,
        security_groups=tuple(request.get("SecurityGroupIds") or ()),
        window=request.get("PreferredMaintenanceWindow") or _DEFAULT_WINDOW,
        topic=request.get("NotificationTopicArn"),
        encrypted=(request.get("SSESpecification") or {}).get("Enabled", False),
        tls=request.get("ClusterEndpointEncryptionType") == "TLS",
        network_type=request.get("NetworkType") or "ipv4",
        tags=tags_of(request.get("Tags") or []),
    )
    clusters.put(ctx, cluster, name)
    await ctx.stand("serve", name)
    return {"Cluster": cluster_shape(ctx, cluster)}


def _check(request: Request, name: str) -> None:
    """Raises InvalidParameterValueException."""
    if not limits.CLUSTER_NAME.fullmatch(name):
        raise errors.invalid_value(f"The parameter ClusterName is not a valid identifier: {name}.")
    if request["NodeType"] not in limits.NODE_TYPES:
        raise errors.invalid_value(f"Invalid node type: {request['NodeType']}.")
    if request["ReplicationFactor"] < 1:
        raise errors.invalid_value("ReplicationFactor must be at least 1.")
    if not limits.ROLE.fullmatch(request["IamRoleArn"]):
        raise errors.invalid_value(f"Invalid IAM role ARN: {request['IamRoleArn']}.")
    if request.get("NetworkType", "ipv4") != "ipv4":
        raise errors.invalid_value("The subnets of the subnet group do not support the network type.")
    _check_window(request)


def _check_window(request: Request) -> None:
    window = request.get("PreferredMaintenanceWindow")
    if window is not None and not limits.MAINTENANCE_WINDOW.fullmatch(window):
        raise errors.invalid_value(f"Invalid maintenance window: {window}.")


async def _check_quotas(ctx: Context, factor: int) -> None:
    if factor > limits.NODES_OF_CLUSTER:
        raise errors.too_many_nodes(limits.NODES_OF_CLUSTER)
    known = await clusters.scan(ctx)
    if len(known) >= limits.CLUSTERS:
        raise errors.too_many_clusters(limits.CLUSTERS)
    if factor + sum(len(cluster.nodes) for cluster in known) > limits.NODES_OF_CUSTOMER:
        raise errors.too_many_nodes_of_customer(limits.NODES_OF_CUSTOMER)


@service.operation(resource=those)
async def describe_clusters(ctx: Context, request: Request) -> dict[str, Any]:
    names = request.get("ClusterNames")
    found = await listing.named(names, lambda name: find(ctx, name)) if names else await clusters.scan(ctx)
    rows, token = listing.page(request, found, lambda cluster: cluster.name)
    return {"Clusters": [cluster_shape(ctx, cluster) for cluster in rows], "NextToken": token}


@service.operation(resource=itself)
async def update_cluster(ctx: Context, request: Request) -> dict[str, Any]:
    _check_window(request)
    cluster = await find_available(ctx, request["ClusterName"])
    changes: dict[str, Any] = {
        field: request[member]
        for member, field in (
            ("Description", "description"),
            ("PreferredMaintenanceWindow", "window"),
            ("NotificationTopicArn", "topic"),
            ("NotificationTopicStatus", "topic_status"),
        )
        if request.get(member) is not None
    }
    if changes.get("topic_status", "active") not in ("active", "inactive"):
        raise errors.invalid_value("NotificationTopicStatus must be active or inactive.")
    if request.get("ParameterGroupName"):
        changes["parameter_group"] = (await find_parameters(ctx, request["ParameterGroupName"])).name
    if request.get("SecurityGroupIds"):
        changes["security_groups"] = tuple(request["SecurityGroupIds"])
    if not changes:
        raise errors.invalid_combination("At least one attribute of the cluster has to be given.")
    if changes.keys() & _ON_NODES:
        changes["status"] = "modifying"
        await settle_soon(ctx, cluster.name)
    cluster = cluster.with_(**changes)
    clusters.put(ctx, cluster, cluster.name)
    return {"Cluster": cluster_shape(ctx, cluster)}


@service.operation(resource=itself)
async def delete_cluster(ctx: Context, request: Request) -> dict[str, Any]:
    """Its door is shut at once."""
    cluster = await find_available(ctx, request["ClusterName"])
    cluster = cluster.with_(status="deleting")
    clusters.put(ctx, cluster, cluster.name)
    await ctx.sit("serve", cluster.name)
    await ctx.schedule("remove", {"name": cluster.name}, delay=1, key=cluster.name)
    return {"Cluster": cluster_shape(ctx, cluster)}


@service.task
async def remove(ctx: Context, payload: dict[str, str]) -> None:
    """The end of a deleted cluster: its attribute lists go some at a time, and the cluster with the last of them."""
    name = payload["name"]
    lists = await attribute_lists.items(ctx, (int,), name, limit=_DELETED_AT_ONCE)
    for key, _ in lists:
        attribute_lists.delete(ctx, name, *key)
    if len(lists) == _DELETED_AT_ONCE:
        await ctx.schedule("remove", payload, key=name)
        return
    await note_cluster(ctx, await find(ctx, name), "Cluster deleted.")
    clusters.delete(ctx, name)
