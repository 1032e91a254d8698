"""What it means that both answered the same."""

from __future__ import annotations

import json
import os
from decimal import Decimal

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("FOGBANK_ORACLE_EXAMPLES", "100"))
at_random = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None, print_blob=False
)


def settled(value):
    """Sets have no order, numbers no spelling (AWS has one for each, DynamoDB Local keeps the client's), a refusal only its code."""
    if isinstance(value, list):
        return [settled(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if "refused" in value:
        return value["refused"], value["why"]
    return {name: _content(name, inner) for name, inner in value.items()}


def _content(name, inner):
    if name == "N" and isinstance(inner, str):
        return Decimal(inner)
    if name == "NS" and isinstance(inner, list):
        return sorted(map(Decimal, inner))
    return sorted(inner) if name in ("SS", "BS") and isinstance(inner, list) else settled(inner)


def unordered(answer):
    """The same, where items come in no order: those of a scan, and those of an index that have one key."""
    if "Items" not in answer:
        return answer
    return {
        **answer,
        "Items": sorted(answer["Items"], key=lambda item: json.dumps(settled(item), sort_keys=True, default=str)),
    }


def agree(both, operation, /, *, look=lambda answer: answer, **params):
    """Ask both, compare what `look` makes of their answers, and give ours."""
    ours, theirs = both(operation, **params)
    if "ReturnConsumedCapacity" not in params:
        theirs.pop("ConsumedCapacity", None)  # DynamoDB Local gives it to who deletes what is not there
    compare(settled(look(ours)), settled(look(theirs)), (operation, params, ours, theirs))
    return ours


def compare(ours, theirs, asked):
    assert ours == theirs, asked


def walk(both, operation, **params):
    """All pages of both, each by its own keys; what they found has to be the same."""
    found = []
    for client in both.clients:
        items, start, count = [], {}, 0
        while True:
            answer = both.answer(client, operation, {**params, **start})
            if "refused" in answer:
                found.append((answer["refused"], None))
                break
            items += answer.get("Items", ())
            count += answer["ScannedCount"]
            if "LastEvaluatedKey" not in answer:
                found.append((settled(unordered({"Items": items})), count))
                break
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    compare(found[0], found[1], (operation, params, *found))
