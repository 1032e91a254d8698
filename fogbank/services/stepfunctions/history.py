"""Histories: events as the API shows them, and GetExecutionHistory.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.stepfunctions import limits
from fogbank.services.stepfunctions.executions_store import Event, find_execution, history
from fogbank.services.stepfunctions.records import given
from fogbank.services.stepfunctions.service import service
from fogbank.services.stepfunctions.wire import listed, number_after

Request = dict[str, Any]

_DATA = ("input", "output", "parameters", "assignedVariables")


def details_member(kind: str) -> str:
    """Where the details of an event are: `stateEnteredEventDetails`, `taskFailedEventDetails`."""
    for end in ("StateEntered", "StateExited"):
        if kind.endswith(end):
            return f"s{end[1:]}EventDetails"
    return f"{kind[0].lower()}{kind[1:]}EventDetails"


def shown(number: int, event: Event, with_data: bool = True) -> Request:
    details = (
        event.details if with_data else {name: value for name, value in event.details.items() if name not in _DATA}
    )
    return {
        "timestamp": event.moment,
        "type": event.kind,
        "id": number,
        "previousEventId": event.previous,
        details_member(event.kind): details,
    }


@service.operation(resource=given)
async def get_execution_history(ctx: Context, request: Request) -> Request:
    """API_GetExecutionHistory."""
    execution = await find_execution(ctx, request["executionArn"])
    is_reverse, at = bool(request.get("reverseOrder")), number_after(request)
    limit = (request.get("maxResults") or limits.HISTORY_PAGE) + 1
    bounds: Request = {"until": at} if is_reverse else {"after": at}
    rows = await history.items(ctx, (int,), execution.key, limit=limit, reverse=is_reverse, **bounds)
    found, following = listed(rows, request, lambda row: str(row[0][0]))
    with_data = request.get("includeExecutionData") is not False
    return {"events": [shown(int(key[0]), event, with_data) for key, event in found], "nextToken": following}
