"""Clusters as answers show them."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.dax.records import Cluster, Node


def cluster_shape(ctx: Context, cluster: Cluster) -> dict[str, Any]:
    """All nodes are behind one door, which has no address until it is open."""
    endpoint = endpoint_of(ctx, cluster)
    group = {
        "ParameterGroupName": cluster.parameter_group,
        "ParameterApplyStatus": "in-sync",
        "NodeIdsToReboot": [],
    }
    topic = None if cluster.topic is None else {"TopicArn": cluster.topic, "TopicStatus": cluster.topic_status}
    return {
        "ClusterName": cluster.name,
        "Description": cluster.description,
        "ClusterArn": cluster.arn(ctx),
        "TotalNodes": len(cluster.nodes),
        "ActiveNodes": sum(node.status == "available" for node in cluster.nodes),
        "NodeType": cluster.node_type,
        "Status": cluster.status,
        "ClusterDiscoveryEndpoint": endpoint,
        "NodeIdsToRemove": list(cluster.leaving) or None,
        "Nodes": [_node(node, endpoint) for node in cluster.nodes],
        "PreferredMaintenanceWindow": cluster.window,
        "NotificationConfiguration": topic,
        "SubnetGroup": cluster.subnet_group,
        "SecurityGroups": [{"SecurityGroupIdentifier": id, "Status": "active"} for id in cluster.security_groups],
        "IamRoleArn": cluster.role,
        "ParameterGroup": group,
        "SSEDescription": {"Status": "ENABLED" if cluster.encrypted else "DISABLED"},
        "ClusterEndpointEncryptionType": "TLS" if cluster.tls else "NONE",
        "NetworkType": cluster.network_type,
    }


def endpoint_of(ctx: Context, cluster: Cluster) -> dict[str, Any] | None:
    if not cluster.port:
        return None
    host = ctx.app.settings.public_host
    scheme = "daxs" if cluster.tls else "dax"
    return {"Address": host, "Port": cluster.port, "URL": f"{scheme}://{host}:{cluster.port}"}


def _node(node: Node, endpoint: dict[str, Any] | None) -> dict[str, Any]:
    address = None if endpoint is None else {"Address": endpoint["Address"], "Port": endpoint["Port"]}
    return {
        "NodeId": node.id,
        "Endpoint": address,
        "NodeCreateTime": node.created,
        "AvailabilityZone": node.zone,
        "NodeStatus": node.status,
        "ParameterGroupStatus": "in-sync",
    }
