"""The resources of Task states: `arn:aws:states:::sqs:sendMessage.waitForTaskToken`, the ARN of a function or of an activity. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

FUNCTION, ACTIVITY, SERVICE = "function", "activity", "service"
TOKEN, SYNC, SYNC_2 = "waitForTaskToken", "sync", "sync:2"

_SERVICE_ARN = re.compile(
    r"arn:[\w-]+:states:([\w-]*):(?:\d{12})?:((?:aws-sdk:)?[\w-]+):(\w+)(?:\.(sync(?::2)?|waitForTaskToken))?"
)
_FUNCTION_ARN = re.compile(r"arn:[\w-]+:lambda:[\w-]*:\d*:function:.+")
_ACTIVITY_ARN = re.compile(r"arn:[\w-]+:states:[\w-]+:\d*:activity:.+")


class Resource(NamedTuple):
    """`service` and `action` are as in the ARN (`aws-sdk:s3`, `listBuckets`); `pattern` is how the answer is waited for."""

    arn: str
    kind: str
    service: str = ""
    action: str = ""
    pattern: str = ""

    @property
    def name(self) -> str:
        """The resource as histories name it: `sendMessage.waitForTaskToken`."""
        return f"{self.action}.{self.pattern}" if self.pattern else self.action


@lru_cache(maxsize=2048)
def read(arn: str) -> Resource:
    """Raises ValueError for what is no resource of a Task."""
    if _ACTIVITY_ARN.fullmatch(arn):
        return Resource(arn, ACTIVITY)
    found = _SERVICE_ARN.fullmatch(arn)
    if found is not None:
        return Resource(arn, SERVICE, found[2], found[3], found[4] or "")
    if _FUNCTION_ARN.fullmatch(arn):
        return Resource(arn, FUNCTION)
    raise ValueError(f"{arn} is no resource of a Task")


_PREFIX = {FUNCTION: "LambdaFunction", ACTIVITY: "Activity", SERVICE: "Task"}


def event(resource: Resource, what: str) -> str:
    """The type of an event about the resource: `LambdaFunctionScheduled`, `TaskFailed`."""
    return f"{_PREFIX[resource.kind]}{what}"


def details(resource: Resource, /, **about: Any) -> dict[str, Any]:
    """The details of an event about the resource; what is None is left out."""
    named = {"resourceType": resource.service, "resource": resource.name} if resource.kind == SERVICE else {}
    return {**named, **{name: value for name, value in about.items() if value is not None}}
