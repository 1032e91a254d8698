"""The records of a parameter, where they are kept, and how an operation finds the parameter that its request names.

parameters  (name)          Parameter: the latest version, labels, tags
history     (name, number)  Version: those before the latest one
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.ssm import errors, names
from fogbank.services.ssm.names import Reference
from fogbank.services.ssm.service import service

Request = dict[str, Any]


class Policy(Record, frozen=True):
    """A parameter policy. `text` is its JSON; `at` when it takes effect, in epoch seconds."""

    type: str
    text: str
    at: float
    status: str = "Pending"


class Version(Record, frozen=True):
    """One version.

    value     as it is answered without decryption: of a SecureString, the encrypted value in base64
    key       the KMS key of a SecureString, as it was given
    modified  epoch seconds; user: the ARN of who did it
    """

    number: int
    type: str
    value: str
    modified: float
    user: str
    tier: str
    data_type: str = "text"
    description: str | None = None
    pattern: str | None = None
    key: str | None = None
    policies: list[Policy] = []


class Parameter(Record, frozen=True):
    """A parameter. `labels` are the numbers of the versions that have them."""

    name: str
    latest: Version
    labels: dict[str, int] = {}
    tags: dict[str, str] = {}

    def labels_of(self, version: int) -> list[str]:
        return [label for label, number in self.labels.items() if number == version]


parameters = service.collection("parameters", Parameter)
history = service.collection("history", Version)


# -- names


def arn(ctx: Context, name: str) -> str:
    return arn_in(ctx, ctx.account, name)


def public_arn(ctx: Context, name: str) -> str:
    """The ARN of a parameter that AWS itself publishes: it belongs to no account."""
    return arn_in(ctx, "", name)


def arn_in(ctx: Context, account: str, name: str) -> str:
    return f"arn:{ctx.partition}:ssm:{ctx.region}:{account}:parameter/{name.removeprefix('/')}"


# -- finding


async def look_up(ctx: Context, reference: Reference) -> Parameter | None:
    """The parameter of a reference. An ARN does not tell whether the name begins with a slash, so both are looked for."""
    if not reference.by_arn:
        return await parameters.get(ctx, reference.name)
    if reference.region != ctx.region or reference.account not in ("", ctx.account):
        return None
    path = reference.name
    return await parameters.get(ctx, path) or await parameters.get(ctx, path.removeprefix("/"))


async def find_by_name(ctx: Context, request: Request, member: str = "Name") -> Parameter:
    """The parameter that a request names, without a version or label. Raises ParameterNotFound, ValidationException."""
    reference = names.parse(request[member])
    if reference.selector:
        raise errors.invalid_reference()
    parameter = await look_up(ctx, reference)
    if parameter is None:
        raise errors.parameter_not_found()
    return parameter


async def version_of(ctx: Context, parameter: Parameter, selector: str) -> Version:
    """The version that a selector means: a number, a label, or the latest for none. Raises ParameterVersionNotFound."""
    if not selector:
        return parameter.latest
    if selector.isdecimal():
        number = int(selector)
    elif (labelled := parameter.labels.get(selector)) is not None:
        number = labelled
    else:
        raise errors.label_not_found(parameter.name, selector)
    version = await numbered(ctx, parameter, number)
    if version is None:
        raise errors.version_not_found(parameter.name, number)
    return version


async def numbered(ctx: Context, parameter: Parameter, number: int) -> Version | None:
    return parameter.latest if number == parameter.latest.number else await history.get(ctx, parameter.name, number)


async def remove(ctx: Context, parameter: Parameter) -> None:
    """Delete the parameter with its history and all that was to happen to it."""
    parameters.delete(ctx, parameter.name)
    for version in await history.scan(ctx, parameter.name):
        history.delete(ctx, parameter.name, version.number)
    await forget_policies(ctx, parameter)


async def forget_policies(ctx: Context, parameter: Parameter) -> None:
    for index in range(len(parameter.latest.policies)):
        await ctx.unschedule("apply_policy", policy_key(parameter.name, index))


def policy_key(name: str, index: int) -> str:
    return f"{name} {index}"
