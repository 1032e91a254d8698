"""What there is of stacks, and where it lies.

stacks     (uuid)                       Stack, also 90 days after its end
names      (name)                       the uuid of the stack that has the name now
bodies     (uuid, CURRENT or GOAL)      Body: its template, and the one that it is led to
resources  (uuid, logical id)           Resource
backups    (uuid, logical id)           Resource as it was before the operation under way, if that has touched it; empty: there was none
steps      (uuid, logical id)           how far the operation under way is with a resource: WAITING, WORKING,
                                       MADE (it has only to become ready), DONE, FAILED
garbage    (uuid, number)               Garbage: what is to go when the operation has succeeded, or was rolled back
work       (uuid)                       Work: the operation under way
events     (uuid, number)               Event
exports    (name)                       Export
imports    (name, uuid)                 Import: a stack that uses an export
signals    (uuid, logical id, id)       Signal: what was said of a resource during the operation under way
drifts     (uuid, logical id)           Drift: what the last look at a resource found
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.identity.principals import Principal
from fogbank.kernel import Context, Record
from fogbank.services.cloudformation import errors
from fogbank.services.cloudformation.differences import Difference
from fogbank.services.cloudformation.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

CURRENT, GOAL = "current", "goal"
WAITING, WORKING, MADE, DONE, FAILED = b"waiting", b"working", b"made", b"done", b"failed"

STACK = "AWS::CloudFormation::Stack"


class Output(Record, frozen=True):
    key: str
    value: str
    description: str = ""
    export: str = ""


class Stack(Record, frozen=True):
    """Times are epoch seconds. `parameters` as texts, by name; `hidden` are those that are never told.

    `options` are members of the request that are answered as they were given; `parent` and `root` are ids of nested stacks' parents.
    """

    uuid: str
    name: str
    account: str
    region: str
    status: str
    created: float
    reason: str = ""
    updated: float | None = None
    deleted: float | None = None
    description: str = ""
    parameters: dict[str, str] = {}
    resolved: dict[str, str] = {}
    hidden: list[str] = []
    capabilities: list[str] = []
    tags: dict[str, str] = {}
    outputs: list[Output] = []
    role: str = ""
    topics: list[str] = []
    options: str = "{}"
    policy: str = ""
    protected: bool = False
    change_set: str = ""
    parent: str = ""
    root: str = ""
    drift: str = "NOT_CHECKED"
    drift_checked: float | None = None

    @property
    def id(self) -> str:
        return f"arn:aws:cloudformation:{self.region}:{self.account}:stack/{self.name}/{self.uuid}"


class Body(Record, frozen=True):
    """A template as it was given, and (JSON) as its transforms made it."""

    text: str
    document: str


class Resource(Record, frozen=True):
    """`identifier` is its handler's, `physical` what Ref answers. `properties` (JSON) are what it was asked to be, `attributes` what it is.

    `needs` are the resources that it depends on.
    """

    logical: str
    type: str
    status: str
    time: float
    identifier: str = ""
    physical: str = ""
    reason: str = ""
    properties: str = "{}"
    attributes: str = "{}"
    needs: list[str] = []
    deletion: str = "Delete"
    replacement: str = "Delete"
    metadata: str = ""
    description: str = ""
    drift: str = "NOT_CHECKED"
    drift_checked: float | None = None
    token: str = ""

    def wanted(self) -> dict[str, Any]:
        return orjson.loads(self.properties)  # type: ignore[no-any-return]

    def found(self) -> dict[str, Any]:
        return orjson.loads(self.attributes)  # type: ignore[no-any-return]


class Garbage(Record, frozen=True):
    """A resource that is to go. `keep`: it is only forgotten. `since` is when its deletion began (epoch seconds)."""

    logical: str
    type: str
    identifier: str
    physical: str
    needs: list[str]
    keep: bool = False
    state: bytes = WAITING
    properties: str = "{}"
    since: float = 0.0


class Work(Record, frozen=True):
    """An operation under way. `verb` is the beginning of the stack's status: CREATE, UPDATE, DELETE, ROLLBACK, UPDATE_ROLLBACK.

    `policy` is the stack policy that it keeps to; `imported` are the identifiers of resources that are there already, by logical ids.
    `applied` is when all that is to be was there (epoch seconds); `cleaning`: what is not to be goes. `before` is the stack as it was.
    """

    verb: str
    began: float
    principal: Principal
    token: str = ""
    reason: str = ""
    cleaning: bool = False
    change_set: str = ""
    before: Stack | None = None
    retained: list[str] = []
    on_failure: str = "ROLLBACK"
    applied: float = 0.0
    policy: str = ""
    imported: dict[str, str] = {}


class Event(Record, frozen=True):
    id: str
    logical: str
    physical: str
    type: str
    status: str
    time: float
    reason: str = ""
    properties: str = ""
    token: str = ""


class Export(Record, frozen=True):
    stack: str
    value: str


class Import(Record, frozen=True):
    stack: str


class Signal(Record, frozen=True):
    """`status` is SUCCESS or FAILURE."""

    id: str
    status: str
    time: float
    data: str = ""
    reason: str = ""


class Drift(Record, frozen=True):
    """`expected` and `actual` are JSON."""

    logical: str
    type: str
    physical: str
    status: str
    time: float
    expected: str = "{}"
    actual: str = "{}"
    differences: list[Difference] = []


stacks = service.collection("stacks", Stack)
names = service.collection("names", bytes)
bodies = service.collection("bodies", Body)
resources = service.collection("resources", Resource)
backups = service.collection("backups", Resource)
steps = service.collection("steps", bytes)
garbage = service.collection("garbage", Garbage)
work = service.collection("work", Work)
events = service.collection("events", Event)
exports = service.collection("exports", Export)
imports = service.collection("imports", Import)
signals = service.collection("signals", Signal)
drifts = service.collection("drifts", Drift)


def uuid_of(name: str) -> str:
    """The uuid in a stack's id; empty for a name."""
    return name.rpartition("/")[2] if name.startswith("arn:") else ""


async def find(ctx: Context, name: str, missing: Any = errors.no_such_stack) -> Stack:
    """A stack by its name or its id; by its id also one that is gone. Raises ValidationError."""
    uuid = uuid_of(name)
    if not uuid:
        known = await names.get(ctx, name)
        uuid = known.decode() if known is not None else ""
    stack = await stacks.get(ctx, uuid) if uuid else None
    if stack is None:
        raise missing(name)
    return stack


def put(ctx: Context, stack: Stack) -> None:
    stacks.put(ctx, stack, stack.uuid)
