"""Invocations: one occasion of a schedule on its way to its target."""

from __future__ import annotations

import time
from typing import Any

import msgspec

_ATTRIBUTES = "aws.scheduler."


class Invocation(msgspec.Struct, frozen=True):
    """The schedule's ARN, the target as it was at that moment, the moment (epoch seconds), and how often invoking it has failed.

    `begun` is when it was first tried: its age counts from there.
    """

    schedule: str
    target: dict[str, Any]
    moment: float
    execution: str
    begun: float
    attempts: int = 0

    @property
    def group_arn(self) -> str:
        """The value of `aws:SourceArn` in a role's trust policy is the group, whatever the schedule.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
        """
        before, _, path = self.schedule.partition(":schedule/")
        return f"{before}:schedule-group/{path.partition('/')[0]}"

    def text(self) -> str | None:
        """The target's input with the context attributes filled in, None when it has none.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
        """
        text: str | None = self.target.get("Input")
        if text is None or _ATTRIBUTES not in text:
            return text
        for name, value in self._attributes().items():
            text = text.replace(f"<{_ATTRIBUTES}{name}>", value)
        return text

    def _attributes(self) -> dict[str, str]:
        return {
            "schedule-arn": self.schedule,
            "scheduled-time": timestamp(self.moment),
            "execution-id": self.execution,
            "attempt-number": str(self.attempts + 1),
        }


def timestamp(moment: float) -> str:
    """`2030-01-01T00:00:00Z`"""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
