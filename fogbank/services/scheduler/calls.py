"""What a target becomes: one operation of one service.

Targets are templated (the ARN of a queue, of a function ...) or universal (any operation).
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets.html
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.kernel import Context, operations
from fogbank.kernel.errors import not_implemented


class Call(NamedTuple):
    """`service` and `operation` are botocore's names (`stepfunctions`, `StartExecution`)."""

    service: str
    operation: str
    params: dict[str, Any]
    region: str = ""


def check_there(ctx: Context, service: str, operation: str) -> None:
    """Raises NotImplemented for an operation that nothing here could do: a schedule must not find out when it is due."""
    if not operations.is_there(ctx.app, service, operation):
        raise not_implemented(service, operation)
