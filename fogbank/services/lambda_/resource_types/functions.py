"""AWS::Lambda::Function.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Naming, Properties, pick, tag_list
from fogbank.services.lambda_.package import code
from fogbank.services.lambda_.resource_types.base import LambdaType, listed_tags, not_stabilised
from fogbank.services.lambda_.resource_types.inline import package
from fogbank.services.lambda_.service import service

# What UpdateFunctionConfiguration changes, and what it is when a template no longer says it.
_CONFIGURED: dict[str, Any] = {
    "Description": "",
    "DeadLetterConfig": {"TargetArn": ""},
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "FileSystemConfigs": [],
    "Handler": None,
    "ImageConfig": {},
    "KmsKeyArn": "",
    "Layers": [],
    "LoggingConfig": {"LogFormat": "Text"},
    "MemorySize": 128,
    "Role": None,
    "Runtime": None,
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
    "CapacityProviderConfig": None,
    "DurableConfig": None,
}
# What is given once.
_FIRST = ("Architectures", "CodeSigningConfigArn", "TenancyConfig")
_WIRE = {"KmsKeyArn": "KMSKeyArn"}


@service.resource_type
class FunctionType(LambdaType):
    """A function. Without a FunctionName it gets one of its own."""

    name = "AWS::Lambda::Function"
    identifier = ("FunctionName",)
    naming = Naming("FunctionName", 64)
    required = frozenset({"Code", "Role"})
    create_only = frozenset({"FunctionName", "PackageType", "TenancyConfig"})
    read_only = frozenset({"Arn", "SnapStartResponse"})
    write_only = frozenset({"Code", "SnapStart"})

    @asynccontextmanager
    async def prepared(self, ctx: Context, before: Properties, after: Properties) -> AsyncIterator[Properties]:
        """Fetches the code, or packs what stands in the template."""
        if not _brings_code(before, after):
            yield after
            return
        name = after.get("FunctionName") or f"function-{ctx.ids.hex(12)}"
        given = {**after["Code"], "FunctionName": name}
        if given.get("ZipFile") is not None:
            given = {**given, "ZipFile": package(given["ZipFile"], after.get("Runtime", ""))}
        async with code.received(ctx.at(service=service), given) as received:
            yield {**after, "FunctionName": name, "Code": {**after["Code"], code.RECEIVED: received}}

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties["FunctionName"]
        request = _wire({name: properties[name] for name in (*_CONFIGURED, *_FIRST) if name in properties})
        request |= {
            "FunctionName": name,
            "Code": properties["Code"],
            "PackageType": properties.get("PackageType") or ("Image" if "ImageUri" in properties["Code"] else "Zip"),
            "Tags": tag_list(properties),
        }
        made = await self.call(ctx, "CreateFunction", request)
        await self._arrange(ctx, made["FunctionArn"], {}, properties)
        return str(name)

    async def _arrange(self, ctx: Context, arn: str, before: Properties, after: Properties) -> None:
        """What has operations of its own."""
        for name, arrange in (
            ("ReservedConcurrentExecutions", self._reserve),
            ("RuntimeManagementConfig", self._manage),
            ("RecursiveLoop", self._loop),
            ("Policy", self._guard),
        ):
            if before.get(name) != after.get(name):
                await arrange(ctx, arn, after.get(name))

    async def _reserve(self, ctx: Context, arn: str, wanted: int | None) -> None:
        if wanted is None:
            await self.call(ctx, "DeleteFunctionConcurrency", {"FunctionName": arn})
        else:
            request = {"FunctionName": arn, "ReservedConcurrentExecutions": wanted}
            await self.call(ctx, "PutFunctionConcurrency", request)

    async def _manage(self, ctx: Context, arn: str, wanted: Properties | None) -> None:
        request = {"FunctionName": arn, **(wanted or {"UpdateRuntimeOn": "Auto"})}
        await self.call(ctx, "PutRuntimeManagementConfig", request)

    async def _loop(self, ctx: Context, arn: str, wanted: str | None) -> None:
        request = {"FunctionName": arn, "RecursiveLoop": wanted or "Terminate"}
        await self.call(ctx, "PutFunctionRecursionConfig", request)

    async def _guard(self, ctx: Context, arn: str, wanted: Any) -> None:
        if wanted is None:
            await self.call(ctx, "DeleteResourcePolicy", {"ResourceArn": arn})
            return
        text = wanted if isinstance(wanted, str) else orjson.dumps(wanted).decode()
        await self.call(ctx, "PutResourcePolicy", {"ResourceArn": arn, "Policy": text})

    # -- changing

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        """New code first: what else is changed waits until that is done (see `stabilise`)."""
        if _brings_code(before, after):
            request = {"FunctionName": identifier, **pick(after, "Architectures"), **after["Code"]}
            await self.call(ctx, "UpdateFunctionCode", request)
        elif _changes(before, after):
            await self._configure(ctx, identifier, before, after)
        arn = (await self._described(ctx, identifier))["FunctionArn"]
        await self._arrange(ctx, arn, before, after)
        if before.get("CodeSigningConfigArn") != after.get("CodeSigningConfigArn"):
            await self._sign(ctx, arn, after.get("CodeSigningConfigArn"))
        await self.tag(ctx, arn, before, after)

    async def _sign(self, ctx: Context, arn: str, wanted: str | None) -> None:
        verb = "Put" if wanted else "Delete"
        await self.call(
            ctx, f"{verb}FunctionCodeSigningConfig", {"FunctionName": arn, "CodeSigningConfigArn": wanted or None}
        )

    async def _configure(self, ctx: Context, name: str, before: Properties, after: Properties) -> None:
        request = {"FunctionName": name, **_wire(_changes(before, after))}
        await self.call(ctx, "UpdateFunctionConfiguration", request)

    async def stabilise(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> bool:
        found = await self._described(ctx, identifier)
        if "Failed" in (found["State"], found["LastUpdateStatus"]):
            raise not_stabilised(found.get("StateReason") or found.get("LastUpdateStatusReason") or "It failed.")
        if found["State"] == "Pending" or found["LastUpdateStatus"] == "InProgress":
            return False
        if before and not _covers(_properties(found), self._fitted(ctx, _changes(before, after))):
            await self._configure(ctx, identifier, before, after)
            return False
        return True

    def _fitted(self, ctx: Context, changes: Properties) -> Properties:
        """The changes as they will be answered: numbers, where the template has texts."""
        fitted = self.fitted(ctx, "UpdateFunctionConfiguration", _wire(changes))
        return {name: fitted[_WIRE.get(name, name)] for name in changes}

    async def _described(self, ctx: Context, name: str) -> dict[str, Any]:
        return await self.call(ctx, "GetFunctionConfiguration", {"FunctionName": name})

    # -- looking

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetFunction", {"FunctionName": identifier})
        about = {"FunctionName": identifier}
        properties = _properties(found["Configuration"])
        properties["Tags"] = listed_tags(found.get("Tags"))
        properties |= pick(found.get("Concurrency") or {}, "ReservedConcurrentExecutions")
        signing = await self.call(ctx, "GetFunctionCodeSigningConfig", about)
        properties["CodeSigningConfigArn"] = signing["CodeSigningConfigArn"] or None
        properties |= pick(await self.call(ctx, "GetFunctionRecursionConfig", about), "RecursiveLoop")
        if properties["PackageType"] == "Zip":
            managed = await self.call(ctx, "GetRuntimeManagementConfig", about)
            properties["RuntimeManagementConfig"] = pick(managed, "UpdateRuntimeOn", "RuntimeVersionArn")
        return {name: value for name, value in properties.items() if value is not None}

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteFunction", {"FunctionName": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["FunctionName"] for each in await self.listed(ctx, "ListFunctions", "Functions")]


def _brings_code(before: Properties, after: Properties) -> bool:
    """Is there code to deploy? Another architecture takes it, too."""
    return "Code" in after and any(before.get(name) != after.get(name) for name in ("Code", "Architectures"))


def _changes(before: Properties, after: Properties) -> Properties:
    """What the configuration is to be in which it was not."""
    return {
        name: after.get(name, usual)
        for name, usual in _CONFIGURED.items()
        if before.get(name) != after.get(name) and after.get(name, usual) is not None
    }


def _wire(properties: Properties) -> dict[str, Any]:
    return {_WIRE.get(name, name): value for name, value in properties.items()}


def _covers(found: Any, wanted: Any) -> bool:
    """Is all that is wanted found? Nothing and what is empty are the same."""
    if isinstance(wanted, dict):
        return all(_covers((found or {}).get(name), value) for name, value in wanted.items())
    return bool(found == wanted) or not (found or wanted)


def _properties(found: dict[str, Any]) -> Properties:
    """A FunctionConfiguration as a template says it."""
    properties = {name: found[_WIRE.get(name, name)] for name in _CONFIGURED if found.get(_WIRE.get(name, name))}
    properties |= pick(found, "FunctionName", "PackageType", "TenancyConfig", "Architectures")
    properties["Arn"] = found["FunctionArn"]
    snapshots = properties.pop("SnapStart")
    properties |= {"SnapStart": {"ApplyOn": snapshots["ApplyOn"]}, "SnapStartResponse": snapshots}
    if "Layers" in properties:
        properties["Layers"] = [layer["Arn"] for layer in properties["Layers"]]
    network = {name: value for name, value in properties.pop("VpcConfig", {}).items() if value and name != "VpcId"}
    if network:
        properties["VpcConfig"] = network
    if found.get("ImageConfigResponse"):
        properties["ImageConfig"] = found["ImageConfigResponse"]["ImageConfig"]
    return properties
