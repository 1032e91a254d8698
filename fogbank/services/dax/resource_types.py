"""AWS::DAX::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_DAX.html"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties, ResourceType, pick, tag_changes
from fogbank.services.dax.records import cluster_arn, clusters
from fogbank.services.dax.service import service

_PASSED_ON = (
    "AvailabilityZones",
    "ClusterEndpointEncryptionType",
    "Description",
    "IAMRoleARN",
    "NetworkType",
    "NodeType",
    "NotificationTopicARN",
    "ParameterGroupName",
    "PreferredMaintenanceWindow",
    "ReplicationFactor",
    "SecurityGroupIds",
    "SubnetGroupName",
)
# CloudFormation's spelling, where it is not the API's
_SPELLED = {"IAMRoleARN": "IamRoleArn", "NotificationTopicARN": "NotificationTopicArn"}
_UPDATED = (
    "Description",
    "NotificationTopicARN",
    "ParameterGroupName",
    "PreferredMaintenanceWindow",
    "SecurityGroupIds",
)


@service.resource_type
class ClusterType(ResourceType):
    """A cluster. Tags are a map here."""

    name = "AWS::DAX::Cluster"
    identifier = ("ClusterName",)
    required = frozenset({"IAMRoleARN", "NodeType", "ReplicationFactor"})
    create_only = frozenset(
        {
            "AvailabilityZones",
            "ClusterEndpointEncryptionType",
            "ClusterName",
            "IAMRoleARN",
            "NetworkType",
            "NodeType",
            "SSESpecification",
            "SubnetGroupName",
        }
    )
    read_only = frozenset({"Arn", "ClusterDiscoveryEndpoint", "ClusterDiscoveryEndpointURL"})
    write_only = frozenset({"AvailabilityZones"})
    missing = frozenset({"ClusterNotFoundFault"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        given = {_SPELLED.get(name, name): properties.get(name) for name in _PASSED_ON}
        given["ClusterName"] = properties.get("ClusterName") or f"dax-{ctx.ids.hex(12)}"
        sse = properties.get("SSESpecification")
        given["SSESpecification"] = None if sse is None else {"Enabled": sse.get("SSEEnabled", False)}
        given["Tags"] = [{"Key": key, "Value": value} for key, value in (properties.get("Tags") or {}).items()] or None
        return str((await self.call(ctx, "CreateCluster", given))["Cluster"]["ClusterName"])

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        return str((await self._describe(ctx, identifier))["Status"]) == "available"

    async def _describe(self, ctx: Context, identifier: str) -> dict[str, Any]:
        cluster: dict[str, Any] = (await self.call(ctx, "DescribeClusters", {"ClusterNames": [identifier]}))[
            "Clusters"
        ][0]
        return cluster

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self._describe(ctx, identifier)
        properties = pick(
            found,
            *("ClusterEndpointEncryptionType", "ClusterName", "Description", "NetworkType", "NodeType"),
            "PreferredMaintenanceWindow",
        )
        endpoint = found["ClusterDiscoveryEndpoint"]
        if endpoint is not None:
            properties["ClusterDiscoveryEndpoint"] = f"{endpoint['Address']}:{endpoint['Port']}"
            properties["ClusterDiscoveryEndpointURL"] = endpoint["URL"]
        if found["NotificationConfiguration"] is not None:
            properties["NotificationTopicARN"] = found["NotificationConfiguration"]["TopicArn"]
        cluster = await clusters.get(ctx, identifier)
        tags = {} if cluster is None else cluster.tags
        return {
            **properties,
            "Arn": found["ClusterArn"],
            "IAMRoleARN": found["IamRoleArn"],
            "ParameterGroupName": found["ParameterGroup"]["ParameterGroupName"],
            "ReplicationFactor": found["TotalNodes"],
            "SecurityGroupIds": [group["SecurityGroupIdentifier"] for group in found["SecurityGroups"]],
            "SSESpecification": {"SSEEnabled": found["SSEDescription"]["Status"] == "ENABLED"},
            "SubnetGroupName": found["SubnetGroup"],
            **({"Tags": tags} if tags else {}),
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        """Tags first: while the rest is being changed, the cluster takes nothing else."""
        old = [{"Key": key, "Value": value} for key, value in (before.get("Tags") or {}).items()]
        new = [{"Key": key, "Value": value} for key, value in (after.get("Tags") or {}).items()]
        added, removed = tag_changes({"Tags": old}, {"Tags": new})
        arn = cluster_arn(ctx, identifier)
        if added:
            tags = [{"Key": key, "Value": value} for key, value in added.items()]
            await self.call(ctx, "TagResource", {"ResourceName": arn, "Tags": tags})
        if removed:
            await self.call(ctx, "UntagResource", {"ResourceName": arn, "TagKeys": removed})
        changed = {
            _SPELLED.get(name, name): after.get(name) for name in _UPDATED if before.get(name) != after.get(name)
        }
        if changed:
            await self.call(ctx, "UpdateCluster", {"ClusterName": identifier, **changed})
        if before["ReplicationFactor"] != after["ReplicationFactor"]:
            more = after["ReplicationFactor"] > before["ReplicationFactor"]
            operation = "IncreaseReplicationFactor" if more else "DecreaseReplicationFactor"
            await self.call(
                ctx, operation, {"ClusterName": identifier, "NewReplicationFactor": after["ReplicationFactor"]}
            )

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteCluster", {"ClusterName": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [cluster.name for cluster in await clusters.scan(ctx)]


@service.resource_type
class ParameterGroupType(ResourceType):
    """A parameter group. ParameterNameValues is a map."""

    name = "AWS::DAX::ParameterGroup"
    identifier = ("ParameterGroupName",)
    create_only = frozenset({"Description", "ParameterGroupName"})
    missing = frozenset({"ParameterGroupNotFoundFault"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = (properties.get("ParameterGroupName") or f"group-{ctx.ids.hex(12)}").lower()
        given = {"ParameterGroupName": name, "Description": properties.get("Description")}
        await self.call(ctx, "CreateParameterGroup", given)
        await self._set(ctx, name, properties)
        return name

    async def _set(self, ctx: Context, name: str, properties: Properties) -> None:
        values = properties.get("ParameterNameValues") or {}
        given = [{"ParameterName": key, "ParameterValue": str(value)} for key, value in values.items()]
        if given:
            await self.call(ctx, "UpdateParameterGroup", {"ParameterGroupName": name, "ParameterNameValues": given})

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "DescribeParameterGroups", {"ParameterGroupNames": [identifier]})
        parameters = await self.call(ctx, "DescribeParameters", {"ParameterGroupName": identifier})
        values = {each["ParameterName"]: each["ParameterValue"] for each in parameters["Parameters"]}
        return {**pick(found["ParameterGroups"][0], "ParameterGroupName", "Description"), "ParameterNameValues": values}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._set(ctx, identifier, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteParameterGroup", {"ParameterGroupName": identifier})


@service.resource_type
class SubnetGroupType(ResourceType):
    name = "AWS::DAX::SubnetGroup"
    identifier = ("SubnetGroupName",)
    required = frozenset({"SubnetIds"})
    create_only = frozenset({"SubnetGroupName"})
    missing = frozenset({"SubnetGroupNotFoundFault"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = (properties.get("SubnetGroupName") or f"subnets-{ctx.ids.hex(12)}").lower()
        await self.call(
            ctx, "CreateSubnetGroup", {"SubnetGroupName": name, **pick(properties, "Description", "SubnetIds")}
        )
        return name

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "DescribeSubnetGroups", {"SubnetGroupNames": [identifier]})
        group = found["SubnetGroups"][0]
        subnets = [subnet["SubnetIdentifier"] for subnet in group["Subnets"]]
        return {**pick(group, "SubnetGroupName", "Description"), "SubnetIds": subnets}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.call(
            ctx, "UpdateSubnetGroup", {"SubnetGroupName": identifier, **pick(after, "Description", "SubnetIds")}
        )

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteSubnetGroup", {"SubnetGroupName": identifier})
