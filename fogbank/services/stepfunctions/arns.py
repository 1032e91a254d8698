"""The ARNs of Step Functions' resources.

https://docs.aws.amazon.com/step-functions/latest/dg/security_iam_service-with-iam.html
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fogbank.kernel import Context
from fogbank.services.stepfunctions import errors

MACHINE, EXECUTION, EXPRESS, ACTIVITY, MAP_RUN = "stateMachine", "execution", "express", "activity", "mapRun"

_ARN = re.compile(r"arn:([\w-]+):states:([\w-]*):(\d{12})?:(\w+):(.+)", re.DOTALL)
_NOT_IN_NAMES = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")


class Arn(NamedTuple):
    """`name` is the resource's; `qualifier` a version or an alias of a state machine, or the name of an execution."""

    text: str
    kind: str
    account: str
    region: str
    name: str
    qualifier: str = ""

    @property
    def is_version(self) -> bool:
        return self.kind == MACHINE and self.qualifier.isdigit()

    @property
    def unqualified(self) -> str:
        return self.text.removesuffix(f":{self.qualifier}") if self.qualifier else self.text


def parse(text: str, *kinds: str) -> Arn:
    """Raises InvalidArn, also for an ARN of another kind."""
    found = _ARN.fullmatch(text)
    if found is None:
        raise errors.invalid_arn(text)
    _, region, account, kind, resource = found.groups()
    if kind not in kinds:
        raise errors.wrong_resource(kind)
    name, _, qualifier = resource.partition(":")
    return Arn(text, kind, account or "", region, name, qualifier)


def own(ctx: Context, kind: str, resource: str) -> str:
    return f"arn:{ctx.partition}:states:{ctx.region}:{ctx.account}:{kind}:{resource}"


def machine(ctx: Context, name: str) -> str:
    return own(ctx, MACHINE, name)


def execution(ctx: Context, machine_name: str, name: str) -> str:
    return own(ctx, EXECUTION, f"{machine_name}:{name}")


def check_name(name: str) -> None:
    """Raises InvalidName."""
    if _NOT_IN_NAMES.search(name):
        raise errors.invalid_name(name)


def scope(ctx: Context, arn: Arn) -> Context:
    """The context where the resource is."""
    return ctx.at(account=arn.account or ctx.account, region=arn.region or ctx.region)
