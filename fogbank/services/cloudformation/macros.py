"""Macros: transforms that are functions of the user's own.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import orjson

from fogbank.kernel import AWSError, Context, Record, bodies
from fogbank.kernel.resource_types import Properties, ResourceType
from fogbank.services.cloudformation import errors
from fogbank.services.cloudformation.service import service

change = msgspec.structs.replace

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_OPTIONAL = ("Description", "LogGroupName", "LogRoleARN")


class Macro(Record, frozen=True):
    """`options` is JSON: the properties that are only told."""

    function: str
    options: str


macros = service.collection("macros", Macro)


@service.resource_type
class MacroType(ResourceType):
    """AWS::CloudFormation::Macro."""

    name = "AWS::CloudFormation::Macro"
    identifier = ("Name",)
    required = frozenset({"FunctionName", "Name"})
    create_only = frozenset({"Name"})
    missing = frozenset({"MacroNotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = str(properties["Name"])
        if _NAME.fullmatch(name) is None:
            raise errors.invalid(f"{name} is not a valid macro name")
        if await macros.get(ctx, name) is not None:
            raise AWSError("AlreadyExistsException", f"Macro {name} already exists", 400)
        self._put(ctx, name, properties)
        return name

    def _put(self, ctx: Context, name: str, properties: Properties) -> None:
        options = {each: properties[each] for each in _OPTIONAL if each in properties}
        macros.put(ctx, Macro(str(properties["FunctionName"]), orjson.dumps(options).decode()), name)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await macros.get(ctx, identifier)
        if found is None:
            raise AWSError("MacroNotFoundException", f"Macro {identifier} does not exist", 404)
        return {"Name": identifier, "FunctionName": found.function, **orjson.loads(found.options)}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.read(ctx, identifier)
        self._put(ctx, identifier, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.read(ctx, identifier)
        macros.delete(ctx, identifier)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [str(key[0]) for key, _ in await macros.items(ctx, (str,))]


async def processed(ctx: Context, name: str, fragment: Any, params: Any, values: dict[str, Any]) -> Any:
    """What the macro makes of a part of a template, with the caller's permissions. Not in a transaction. Raises ValidationError.

    `params` are those of the call, `values` the template's parameters.
    """
    full = name if "::" in name else f"{ctx.account}::{name}"
    owner, _, plain = full.partition("::")
    there = ctx if owner == ctx.account else ctx.at(account=owner)
    macro = await ctx.transact(macros.get, there, plain)
    if macro is None:
        raise errors.no_transform(full)
    request = {
        "accountId": ctx.account,
        "fragment": fragment,
        "params": params,
        "region": ctx.region,
        "requestId": ctx.ids.uuid(),
        "templateParameterValues": values,
        "transformId": full,
    }
    return _fragment_of(await _answer(ctx, full, macro, request), full, request["requestId"])


async def _answer(ctx: Context, full: str, macro: Macro, request: dict[str, Any]) -> Any:
    invocation = {"FunctionName": macro.function, "Payload": orjson.dumps(request)}
    try:
        found = await ctx.call("lambda", "Invoke", invocation, as_caller=True)
        if found.get("FunctionError"):
            raise AWSError("FunctionError", "")
        return orjson.loads(await bodies.whole(found["Payload"]))
    except AWSError as error:
        told = f"Failed to execute transform {full}"
        raise errors.invalid(f"{told}. {error.message}" if error.message else told) from error
    except orjson.JSONDecodeError as error:
        raise errors.malformed_answer(full) from error


def _fragment_of(answer: Any, full: str, request: str) -> Any:
    if not isinstance(answer, dict) or answer.get("requestId") != request or "status" not in answer:
        raise errors.malformed_answer(full)
    if str(answer["status"]).lower() != "success":
        if answer.get("errorMessage"):
            raise errors.transform_failed(full, f"{answer['errorMessage']}.")
        raise errors.invalid(f"Transform {full} failed without an error message.")
    if "fragment" not in answer:
        raise errors.malformed_answer(full)
    return answer["fragment"]
