"""What queries of metrics may be."""

from __future__ import annotations

import re
from typing import Any

from fogbank.services.cloudwatch import errors, insights

Request = dict[str, Any]

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_QUERIES = 500


def check_queries(queries: list[Request]) -> None:
    if len(queries) > _QUERIES:
        raise errors.validation(f"The collection MetricDataQueries must not have a size greater than {_QUERIES}.")
    ids = [query["Id"] for query in queries]
    if len(set(ids)) != len(ids):
        raise errors.validation("The values for parameter Id in MetricDataQueries must be unique.")
    for query in queries:
        if not _ID.fullmatch(query["Id"]):
            raise errors.validation(
                f"The value {query['Id']} for parameter Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
            )
        if (query.get("MetricStat") is None) == (query.get("Expression") is None):
            raise errors.validation(
                "Exactly one of MetricStat and Expression must be specified in each of MetricDataQueries."
            )
    if not any(query.get("ReturnData", True) for query in queries):
        raise errors.validation("At least one of MetricDataQueries must return data.")
    if sum(insights.is_query(query.get("Expression") or "") for query in queries) > 1:
        raise errors.validation("MetricDataQueries must not have more than one Metrics Insights query.")
