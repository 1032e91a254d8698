"""AWS::Lambda::Permission and AWS::Lambda::LayerVersionPermission: one statement of a resource policy each."""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties, pick
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.permission.permissions import CONDITIONS
from fogbank.services.lambda_.resource_types.base import LambdaType
from fogbank.services.lambda_.service import service

_CONDITIONS = tuple(member for member, _, _ in CONDITIONS)


def _statement(answer: dict[str, Any], sid: str) -> dict[str, Any]:
    """Raises ResourceNotFoundException."""
    for statement in orjson.loads(answer["Policy"])["Statement"]:
        if statement["Sid"] == sid:
            return dict(statement)
    raise errors.not_found(f"Statement {sid} is not found in resource policy.")


def _principal(statement: dict[str, Any]) -> str:
    principal = statement["Principal"]
    return str(next(iter(principal.values())) if isinstance(principal, dict) else principal)


@service.resource_type
class PermissionType(LambdaType):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html"""

    name = "AWS::Lambda::Permission"
    identifier = ("FunctionName", "Id")
    required = frozenset({"Action", "FunctionName", "Principal"})
    create_only = frozenset({"Action", "FunctionName", "Principal", *_CONDITIONS})
    read_only = frozenset({"Id"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = pick(properties, "Action", "FunctionName", "Principal", *_CONDITIONS)
        sid = f"permission-{ctx.ids.hex(24)}"
        await self.call(ctx, "AddPermission", {**request, "StatementId": sid})
        return f"{properties['FunctionName']}|{sid}"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        function, _, sid = identifier.rpartition("|")
        statement = _statement(await self.call(ctx, "GetPolicy", {"FunctionName": function}), sid)
        properties = {
            "FunctionName": function,
            "Id": sid,
            "Action": statement["Action"],
            "Principal": _principal(statement),
        }
        conditions = statement.get("Condition") or {}
        for member, operator, key in CONDITIONS:
            value = (conditions.get(operator) or {}).get(key)
            if value is not None:
                properties[member] = value == "true" if operator == "Bool" else value
        return properties

    async def delete(self, ctx: Context, identifier: str) -> None:
        function, _, sid = identifier.rpartition("|")
        await self.call(ctx, "RemovePermission", {"FunctionName": function, "StatementId": sid})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        policy = orjson.loads((await self.call(ctx, "GetPolicy", pick(given, "FunctionName")))["Policy"])
        return [f"{given['FunctionName']}|{statement['Sid']}" for statement in policy["Statement"]]


@service.resource_type
class LayerVersionPermissionType(LambdaType):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-layerversionpermission.html"""

    name = "AWS::Lambda::LayerVersionPermission"
    identifier = ("Id",)
    required = frozenset({"Action", "LayerVersionArn", "Principal"})
    create_only = frozenset({"Action", "LayerVersionArn", "OrganizationId", "Principal"})
    read_only = frozenset({"Id"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        sid = f"permission-{ctx.ids.hex(24)}"
        request = {**_version(properties["LayerVersionArn"]), "StatementId": sid}
        request |= pick(properties, "Action", "OrganizationId", "Principal")
        await self.call(ctx, "AddLayerVersionPermission", request)
        return f"{properties['LayerVersionArn']}#{sid}"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        arn, _, sid = identifier.rpartition("#")
        statement = _statement(await self.call(ctx, "GetLayerVersionPolicy", _version(arn)), sid)
        properties = {"Id": identifier, "LayerVersionArn": arn, "Action": statement["Action"]}
        properties["Principal"] = _principal(statement)
        if statement.get("Condition"):
            properties["OrganizationId"] = statement["Condition"]["StringEquals"]["aws:PrincipalOrgID"]
        return properties

    async def delete(self, ctx: Context, identifier: str) -> None:
        arn, _, sid = identifier.rpartition("#")
        await self.call(ctx, "RemoveLayerVersionPermission", {**_version(arn), "StatementId": sid})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        arn = given["LayerVersionArn"]
        policy = orjson.loads((await self.call(ctx, "GetLayerVersionPolicy", _version(arn)))["Policy"])
        return [f"{arn}#{statement['Sid']}" for statement in policy["Statement"]]


def _version(arn: str) -> dict[str, Any]:
    layer, _, number = arn.rpartition(":")
    return {"LayerName": layer, "VersionNumber": int(number)}
