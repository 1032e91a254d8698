"""State machines as they lie in the store.

machines    (name)                    Machine
revisions   (machine, revision)       Revision
versions    (machine, number)         Version
aliases     (machine, name)           Alias
activities  (name)                    Activity
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.stepfunctions import arns, errors
from fogbank.services.stepfunctions.arns import MACHINE, Arn
from fogbank.services.stepfunctions.service import service

STANDARD, EXPRESS = "STANDARD", "EXPRESS"
INITIAL = "INITIAL"
"""The revision of a state machine that was never updated."""


class Machine(Record, frozen=True):
    """A state machine. Times are epoch seconds; `versions` is the number of the latest version."""

    name: str
    type: str
    created: float
    updated: float
    revision: str = INITIAL
    tags: dict[str, str] = {}
    versions: int = 0


class Revision(Record, frozen=True):
    """What an update changes. `logging`, `encryption` are as the API has them."""

    id: str
    definition: str
    role: str
    logging: dict[str, Any]
    tracing: bool
    encryption: dict[str, Any]
    created: float


class Version(Record, frozen=True):
    number: int
    revision: str
    created: float
    description: str | None = None


class Alias(Record, frozen=True):
    """`routing` are versions (numbers) and their weights in percent."""

    name: str
    routing: list[tuple[int, int]]
    created: float
    updated: float
    description: str | None = None


class Activity(Record, frozen=True):
    name: str
    created: float
    tags: dict[str, str] = {}
    encryption: dict[str, Any] = {}


machines = service.collection("machines", Machine, cached=True)
revisions = service.collection("revisions", Revision, cached=True)
versions = service.collection("versions", Version, cached=True)
aliases = service.collection("aliases", Alias, cached=True)
activities = service.collection("activities", Activity, cached=True)


async def find_machine(ctx: Context, arn: Arn) -> Machine:
    """Raises StateMachineDoesNotExist."""
    machine = await machines.get(ctx, arn.name)
    if machine is None or arn.account != ctx.account or arn.region != ctx.region:
        raise errors.no_machine(arn.text)
    return machine


async def revision_of(ctx: Context, machine: str, revision: str) -> Revision:
    found = await revisions.get(ctx, machine, revision)
    assert found is not None
    return found


async def find_version(ctx: Context, arn: Arn) -> Version:
    """Raises StateMachineDoesNotExist."""
    version = await versions.get(ctx, arn.name, int(arn.qualifier))
    if version is None:
        raise errors.no_machine(arn.text)
    return version


def machine_arn(text: str) -> Arn:
    """Raises InvalidArn."""
    return arns.parse(text, MACHINE)


def given(ctx: Context, request: dict[str, Any]) -> str:
    """The ARN that a request names, for the decision."""
    names = (
        "stateMachineArn",
        "stateMachineVersionArn",
        "stateMachineAliasArn",
        "activityArn",
        "executionArn",
        "mapRunArn",
        "resourceArn",
    )
    return next((str(request[name]) for name in names if request.get(name)), "*")
