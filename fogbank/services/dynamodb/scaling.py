"""Auto scaling settings of tables and their replicas: what Application Auto Scaling has for them, each in its own region.

UpdateTableReplicaAutoScaling, DescribeTableReplicaAutoScaling; the settings of old global tables are in `joined_settings.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogbank.services.dynamodb import errors, groups, replica_errors, tables
from fogbank.services.dynamodb.schema import Table
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import ON_TABLE

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]
Of = tuple[str, str]
"""What is scaled: an index by its name, empty for the table; Read or Write."""

READ, WRITE = "Read", "Write"
_SCALING = "application-autoscaling"
_DISABLED: Document = {"AutoScalingDisabled": True}
_LEAST, _MOST = 1, 40_000


class Settings:
    """The auto scaling of one table. Changes are made with the caller's permissions."""

    def __init__(self, ctx: Context, table: Table, described: dict[tuple[str, str], Document]) -> None:
        self._scope = table.layout.scope(ctx)
        self._table = table
        self._described = described

    def get(self, of: Of) -> Document | None:
        """An AutoScalingSettingsDescription."""
        target = self._described.get(_place(self._table, of))
        if target is None:
            return None
        return {
            "MinimumUnits": target["MinCapacity"],
            "MaximumUnits": target["MaxCapacity"],
            "AutoScalingDisabled": False,
            "AutoScalingRoleArn": target["RoleARN"],
            "ScalingPolicies": [_policy(each) for each in target["ScalingPolicies"]],
        }

    async def update(self, of: Of, update: Document | None) -> None:
        """What an AutoScalingSettingsUpdate does not say stays. Raises ValidationException."""
        known = self.get(of)
        if update is None or (update.get("AutoScalingDisabled") and known is None):
            return
        if update.get("AutoScalingDisabled"):
            await self._call("DeregisterScalableTarget", of)
            return
        await self._register(of, update, known)
        policy = update.get("ScalingPolicyUpdate")
        if policy is not None:
            await self._put_policy(of, policy, [] if known is None else known["ScalingPolicies"])

    async def _register(self, of: Of, update: Document, known: Document | None) -> None:
        first = {"MinimumUnits": _LEAST, "MaximumUnits": _MOST} if known is None else known
        low, high = (update.get(name) or first[name] for name in ("MinimumUnits", "MaximumUnits"))
        if low > high:
            raise errors.invalid_parameters(f"MinimumUnits {low} must not be greater than MaximumUnits {high}")
        await self._call("RegisterScalableTarget", of, MinCapacity=low, MaxCapacity=high)

    async def _put_policy(self, of: Of, policy: Document, known: list[Document]) -> None:
        """In place of the one that there is."""
        resource = _place(self._table, of)[0]
        name = policy.get("PolicyName") or f"{_metric(of)}:{resource}"
        for other in known:
            if other["PolicyName"] != name:
                await self._call("DeleteScalingPolicy", of, PolicyName=other["PolicyName"])
        metric = {"PredefinedMetricSpecification": {"PredefinedMetricType": _metric(of)}}
        config = {**policy["TargetTrackingScalingPolicyConfiguration"], **metric}
        await self._call(
            "PutScalingPolicy",
            of,
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=config,
        )

    async def _call(self, operation: str, of: Of, **params: Any) -> None:
        resource, dimension = _place(self._table, of)
        place = {"ServiceNamespace": "dynamodb", "ResourceId": resource, "ScalableDimension": dimension}
        await self._scope.call(_SCALING, operation, {**place, **params}, as_caller=True)


def _place(table: Table, of: Of) -> tuple[str, str]:
    """The resource ID and the dimension of what is scaled."""
    index, direction = of
    resource, kind = (f"table/{table.name}/index/{index}", "index") if index else (f"table/{table.name}", "table")
    return resource, f"dynamodb:{kind}:{direction}CapacityUnits"


def _metric(of: Of) -> str:
    return f"DynamoDB{of[1]}CapacityUtilization"


def _policy(described: Document) -> Document:
    config = dict(described["TargetTrackingScalingPolicyConfiguration"])
    config.pop("PredefinedMetricSpecification", None)
    return {"PolicyName": described["PolicyName"], "TargetTrackingScalingPolicyConfiguration": config}


async def of(ctx: Context, table: Table) -> Settings:
    there = table.layout.scope(ctx)
    described = await ctx.app.services[_SCALING].provided["described"](there, "dynamodb", f"table/{table.name}")
    return Settings(ctx, table, {(each["ResourceId"], each["ScalableDimension"]): each for each in described})


async def forget(ctx: Context, table: Table) -> None:
    """The table is no more."""
    await ctx.app.services[_SCALING].provided["resource_is_gone"](ctx, "dynamodb", f"table/{table.name}")


async def _replicas(ctx: Context, table: Table) -> list[Table]:
    """The table and its other replicas in the same account."""
    group = await groups.group_of(ctx, table)
    return [table] if group is None or group.is_joint else await groups.replicas(ctx, group)


@service.operation(**ON_TABLE)
async def describe_table_replica_auto_scaling(ctx: Context, request: Document) -> Document:
    table = await tables.find_described(ctx, request)
    return {"TableAutoScalingDescription": await _describe(ctx, table)}


async def _describe(ctx: Context, table: Table) -> Document:
    shown = [await _describe_replica(ctx, each) for each in await _replicas(ctx, table)]
    return {"TableName": table.name, "TableStatus": table.status, "Replicas": shown}


async def _describe_replica(ctx: Context, table: Table) -> Document:
    settings = await of(ctx, table)
    return {
        "RegionName": table.layout.region,
        "ReplicaStatus": table.status,
        "ReplicaProvisionedReadCapacityAutoScalingSettings": settings.get(("", READ)) or _DISABLED,
        "ReplicaProvisionedWriteCapacityAutoScalingSettings": settings.get(("", WRITE)) or _DISABLED,
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index.name,
                "IndexStatus": index.status,
                "ProvisionedReadCapacityAutoScalingSettings": settings.get((index.name, READ)) or _DISABLED,
                "ProvisionedWriteCapacityAutoScalingSettings": settings.get((index.name, WRITE)) or _DISABLED,
            }
            for index in table.indexes
            if index.is_global
        ],
    }


@service.operation(**ON_TABLE)
async def update_table_replica_auto_scaling(ctx: Context, request: Document) -> Document:
    """Settings of writes are those of all replicas, settings of reads each replica's own."""
    table = await tables.find_described(ctx, request)
    tables.require_idle(table)
    if table.on_demand:
        raise errors.invalid_parameters("Auto scaling is not supported for tables with BillingMode PAY_PER_REQUEST")
    found = {each.layout.region: each for each in await _replicas(ctx, table)}
    own = {update["RegionName"]: update for update in request.get("ReplicaUpdates") or []}
    if own.keys() - found.keys():
        raise replica_errors.no_such_replica()
    for region, replica in found.items():
        settings, update = await of(ctx, replica), own.get(region, {})
        await settings.update(("", WRITE), request.get("ProvisionedWriteCapacityAutoScalingUpdate"))
        await settings.update(("", READ), update.get("ReplicaProvisionedReadCapacityAutoScalingUpdate"))
        for of_index in request.get("GlobalSecondaryIndexUpdates") or []:
            name = _index(replica, of_index)
            await settings.update((name, WRITE), of_index.get("ProvisionedWriteCapacityAutoScalingUpdate"))
        for of_index in update.get("ReplicaGlobalSecondaryIndexUpdates") or []:
            name = _index(replica, of_index)
            await settings.update((name, READ), of_index.get("ProvisionedReadCapacityAutoScalingUpdate"))
    return {"TableAutoScalingDescription": await _describe(ctx, table)}


def _index(table: Table, update: Document) -> str:
    """Raises ResourceNotFoundException."""
    name: str = update.get("IndexName", "")
    if table.index(name) is None:
        raise errors.no_such_resource()
    return name
