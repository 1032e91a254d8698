"""The capacity of what is scaled: reading it and setting it, by the operations of the service that has it."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.application_autoscaling import errors, kinds
from fogbank.services.application_autoscaling.capacity import Capacity, Scaled
from fogbank.services.application_autoscaling.custom import NAMESPACE, Endpoints
from fogbank.services.application_autoscaling.records import Place

Document = dict[str, Any]


class Tables(Scaled):
    """DynamoDB's tables and global secondary indexes."""

    needed = ("dynamodb:DescribeTable", "dynamodb:UpdateTable")

    def arn(self, ctx: Context, resource: str) -> str:
        return f"arn:{ctx.partition}:dynamodb:{ctx.region}:{ctx.account}:table/{resource.split('/')[1]}"

    async def read(self, ctx: Context, resource: str, dimension: str) -> Capacity | None:
        found = await self._find(ctx, resource)
        if found is None:
            return None
        table, of = found
        member = dimension.rpartition(":")[2]
        units = (of.get("ProvisionedThroughput") or {}).get(member) or 0
        is_ready = table["TableStatus"] == "ACTIVE" and of.get("IndexStatus") in (None, "ACTIVE")
        return Capacity(units, is_ready, is_scalable=units > 0)

    async def change(self, ctx: Context, resource: str, dimension: str, units: int) -> None:
        found = await self._find(ctx, resource)
        if found is None:
            raise errors.no_such_resource(kinds.of(dimension).what, resource)
        table, of = found
        names = ("ReadCapacityUnits", "WriteCapacityUnits")
        throughput = {name: of["ProvisionedThroughput"][name] for name in names} | {dimension.rpartition(":")[2]: units}
        request: Document = {"TableName": table["TableName"]}
        if of is table:
            request["ProvisionedThroughput"] = throughput
        else:
            update = {"IndexName": of["IndexName"], "ProvisionedThroughput": throughput}
            request["GlobalSecondaryIndexUpdates"] = [{"Update": update}]
        await ctx.call("dynamodb", "UpdateTable", request, as_caller=True)

    async def _find(self, ctx: Context, resource: str) -> tuple[Document, Document] | None:
        """A table, and of it the table itself or the index that the resource ID names."""
        _, name, *index = resource.split("/")
        try:
            answer = await ctx.call("dynamodb", "DescribeTable", {"TableName": name}, as_caller=True)
        except AWSError as error:
            if error.code == "ResourceNotFoundException":
                return None
            raise
        table = answer["Table"]
        if not index:
            return table, table
        of = next((each for each in table.get("GlobalSecondaryIndexes") or [] if each["IndexName"] == index[1]), None)
        return None if of is None else (table, of)


class Functions(Scaled):
    """The provisioned concurrency of Lambda's versions and aliases."""

    needed = (
        "lambda:GetProvisionedConcurrencyConfig",
        "lambda:PutProvisionedConcurrencyConfig",
        "lambda:DeleteProvisionedConcurrencyConfig",
    )

    def arn(self, ctx: Context, resource: str) -> str:
        return f"arn:{ctx.partition}:lambda:{ctx.region}:{ctx.account}:{resource}"

    async def read(self, ctx: Context, resource: str, dimension: str) -> Capacity | None:
        try:
            found = await ctx.call("lambda", "GetProvisionedConcurrencyConfig", _qualified(resource), as_caller=True)
        except AWSError as error:
            if error.code == "ProvisionedConcurrencyConfigNotFoundException":
                return Capacity(0)
            if error.code == "ResourceNotFoundException":
                return None
            raise
        return Capacity(found["RequestedProvisionedConcurrentExecutions"], found["Status"] != "IN_PROGRESS")

    async def change(self, ctx: Context, resource: str, dimension: str, units: int) -> None:
        of = _qualified(resource)
        if units:
            asked = {**of, "ProvisionedConcurrentExecutions": units}
            await ctx.call("lambda", "PutProvisionedConcurrencyConfig", asked, as_caller=True)
        else:
            await ctx.call("lambda", "DeleteProvisionedConcurrencyConfig", of, as_caller=True)


def _qualified(resource: str) -> Document:
    _, name, qualifier = resource.split(":")
    return {"FunctionName": name, "Qualifier": qualifier}


_SCALED: dict[str, Scaled] = {"dynamodb": Tables(), "lambda": Functions(), NAMESPACE: Endpoints()}


def of(place: Place) -> Scaled:
    """Raises ValidationException where no service here has such a resource."""
    namespace, resource, dimension = place
    scaled = _SCALED.get(namespace)
    if scaled is None:
        raise errors.no_such_resource(kinds.of(dimension).what, resource)
    return scaled
