"""What a target becomes: one operation of one service.

Targets are templated (the ARN of a queue, of a function ...) or universal (any operation).
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets.html
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank import protocols
from fogbank.kernel import Context
from fogbank.kernel.errors import not_implemented


class Call(NamedTuple):
    """`service` and `operation` are botocore's names (`stepfunctions`, `StartExecution`)."""

    service: str
    operation: str
    params: dict[str, Any]
    region: str = ""


def check_there(ctx: Context, service: str, operation: str) -> None:
    """Raises NotImplemented for an operation that nothing here could do: a schedule must not find out when it is due."""
    found = ctx.app.services.get(service)
    if found is None or protocols.load(service).operations[operation].snake not in found.operations:
        raise not_implemented(service, operation)


def is_transactional(ctx: Context, call: Call) -> bool:
    """Has the call no effect but in the store?"""
    service = ctx.app.services.get(call.service)
    operation = service and service.operations.get(protocols.load(call.service).operations[call.operation].snake)
    return not operation or operation.transaction
