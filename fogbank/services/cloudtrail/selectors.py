"""Event selectors: which events a trail delivers. PutEventSelectors, GetEventSelectors.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
"""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context
from fogbank.services.cloudtrail import errors, limits, watching
from fogbank.services.cloudtrail.selection import DEFAULT
from fogbank.services.cloudtrail.service import service
from fogbank.services.cloudtrail.trail import Request, arn_of, find, find_at_home, save

_EXCLUDABLE = ("kms.amazonaws.com", "rdsdata.amazonaws.com")
_DATA_TYPES = ("AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::S3::Object")
_CATEGORIES = ("Management", "Data", "NetworkActivity")
_FIELDS = frozenset(
    {
        "readOnly",
        "eventSource",
        "eventName",
        "eventCategory",
        "eventType",
        "resources.type",
        "resources.ARN",
        "errorCode",
        "vpcEndpointId",
        "sessionCredentialFromConsole",
        "userIdentity.arn",
    }
)


def _resource(ctx: Context, request: Request) -> str:
    return arn_of(ctx, request["TrailName"])


@service.operation(resource=_resource)
async def put_event_selectors(ctx: Context, request: Request) -> Request:
    """API_PutEventSelectors."""
    basic, advanced = request.get("EventSelectors") or [], request.get("AdvancedEventSelectors") or []
    if bool(basic) == bool(advanced):
        raise errors.invalid_selectors("Specify either EventSelectors or AdvancedEventSelectors, but not both.")
    trail = await find_at_home(ctx, request["TrailName"])
    completed = _checked(basic)
    _check_advanced(advanced)
    save(ctx, msgspec.structs.replace(trail, selectors=completed, advanced=tuple(advanced)))
    await watching.note(ctx)
    told: Request = {"EventSelectors": list(completed)} if basic else {"AdvancedEventSelectors": advanced}
    return {"TrailARN": trail.arn(ctx), **told}


@service.operation(resource=_resource)
async def get_event_selectors(ctx: Context, request: Request) -> Request:
    """API_GetEventSelectors."""
    trail = await find(ctx, request["TrailName"])
    if trail.advanced:
        return {"TrailARN": trail.arn(ctx), "AdvancedEventSelectors": list(trail.advanced)}
    return {"TrailARN": trail.arn(ctx), "EventSelectors": list(trail.selectors) or [DEFAULT]}


def _checked(given: list[Request]) -> tuple[Request, ...]:
    """The selectors with what they leave out. Raises InvalidEventSelectorsException."""
    if len(given) > limits.SELECTORS:
        raise errors.invalid_selectors(f"A trail can have at most {limits.SELECTORS} event selectors.")
    values = 0
    for selector in given:
        for source in selector.get("ExcludeManagementEventSources") or []:
            if source not in _EXCLUDABLE:
                raise errors.invalid_selectors(f"{source} is not a valid value of ExcludeManagementEventSources.")
        for data in selector.get("DataResources") or []:
            if data.get("Type") not in _DATA_TYPES:
                raise errors.invalid_selectors(f"{data.get('Type')} is not a valid type of data resources.")
            values += len(data.get("Values") or [])
            if any(not value.startswith("arn:") for value in data.get("Values") or []):
                raise errors.invalid_selectors("The values of data resources must be ARNs.")
    if values > limits.DATA_RESOURCES:
        raise errors.invalid_selectors(f"A trail can have at most {limits.DATA_RESOURCES} data resources.")
    return tuple({**DEFAULT, **{name: value for name, value in each.items() if value is not None}} for each in given)


def _check_advanced(given: list[Request]) -> None:
    conditions = 0
    for selector in given:
        by_field = {each["Field"]: each for each in selector["FieldSelectors"]}
        if len(by_field) < len(selector["FieldSelectors"]):
            raise errors.invalid_selectors("A field may be used once in an advanced event selector.")
        for field, operators in by_field.items():
            used = [operand for name, operand in operators.items() if name != "Field" and operand]
            if field not in _FIELDS or not used:
                raise errors.invalid_selectors(f"The field selector of {field} is not valid.")
            conditions += sum(len(operand) for operand in used)
        category = (by_field.get("eventCategory") or {}).get("Equals") or []
        if len(category) != 1 or category[0] not in _CATEGORIES:
            raise errors.invalid_selectors(
                "An advanced event selector must have one eventCategory with the operator Equals."
            )
        if category[0] == "Data" and len((by_field.get("resources.type") or {}).get("Equals") or []) != 1:
            raise errors.invalid_selectors(
                "Selectors of data events must have one resources.type with the operator Equals."
            )
    if conditions > limits.CONDITIONS:
        raise errors.invalid_selectors(f"Advanced event selectors can have at most {limits.CONDITIONS} conditions.")
