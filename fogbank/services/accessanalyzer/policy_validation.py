"""ValidatePolicy."""

from __future__ import annotations

from typing import Any

from fogbank.identity.located_json import Lines
from fogbank.kernel import Context
from fogbank.services.accessanalyzer import errors
from fogbank.services.accessanalyzer.listing import page
from fogbank.services.accessanalyzer.service import service
from fogbank.services.accessanalyzer.validation import validate
from fogbank.services.accessanalyzer.validation.tree import Spot
from fogbank.services.accessanalyzer.validation.wording import Finding

Request = dict[str, Any]


@service.operation
async def validate_policy(ctx: Context, request: Request) -> Request:
    """What there is to say about a policy, in English whatever the locale. API_ValidatePolicy."""
    kind, resource = request["policyType"], request.get("validatePolicyResourceType", "")
    if resource and kind != "RESOURCE_POLICY":
        raise errors.validation(
            "validatePolicyResourceType can only be specified with the policy type RESOURCE_POLICY."
        )
    text = request["policyDocument"]
    found, more = page(request, list(enumerate(validate(text, kind, resource))), lambda entry: f"{entry[0]:06}")
    lines = Lines(text)
    return {"findings": [_described(each, lines) for _, each in found], **more}


def _described(found: Finding, lines: Lines) -> Request:
    return {
        "findingDetails": found.details,
        "findingType": found.type,
        "issueCode": found.code,
        "learnMoreLink": found.link,
        "locations": [_location(spot, lines) for spot in found.spots],
    }


def _location(spot: Spot, lines: Lines) -> Request:
    return {
        "path": list(spot.path),
        "span": {"start": _position(spot.start, lines), "end": _position(spot.end, lines)},
    }


def _position(offset: int, lines: Lines) -> Request:
    line, column = lines.at(offset)
    return {"line": line, "column": column, "offset": offset}
