"""Field index policies. Queries here read all events, so that an index changes nothing but what is told of it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatchLogs-Field-Indexing.html
"""

from __future__ import annotations

import json

from fogbank.services.logs import errors

MOST_FIELDS = 20
FIELD_INDEX, FACET = "FIELD_INDEX", "FACET"
DEFAULT_FIELDS = (
    "@aws.account", "@aws.region", "@data_format", "@data_source_name", "@data_source_type", "@logStream", "@source.log",
    "attributes.session.id", "severityText", "traceId",
)  # fmt: skip


def fields_of(document: str) -> dict[str, str]:
    """The fields of a policy, which was checked, and what each is."""
    policy = json.loads(document)
    plain = dict.fromkeys(policy.get("Fields") or [], FIELD_INDEX)
    return plain | {name: each["type"] for name, each in (policy.get("FieldsV2") or {}).items()}


def check(document: str) -> None:
    """Raises InvalidParameterException."""
    try:
        found = fields_of(document)
        plain, typed = json.loads(document).get("Fields") or [], json.loads(document).get("FieldsV2") or {}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise errors.invalid_parameter("The index policy document is not valid.") from None
    if not found or len(found) > MOST_FIELDS:
        raise errors.invalid_parameter(f"An index policy has to have 1 to {MOST_FIELDS} fields.")
    if len(found) != len(plain) + len(typed) or not all(
        isinstance(name, str) and 0 < len(name) <= 100 for name in found
    ):
        raise errors.invalid_parameter(
            "The fields of an index policy have to differ, and be texts of up to 100 characters."
        )
    if not set(found.values()) <= {FIELD_INDEX, FACET}:
        raise errors.invalid_parameter("The type of an indexed field has to be FIELD_INDEX or FACET.")
