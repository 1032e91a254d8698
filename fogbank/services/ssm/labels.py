"""Labels of versions: LabelParameterVersion, UnlabelParameterVersion.

https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-labels.html
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.ssm import errors, events, limits
from fogbank.services.ssm.access import ON_PARAMETER
from fogbank.services.ssm.parameter import Parameter, find_by_name, numbered, parameters
from fogbank.services.ssm.service import service

Request = dict[str, Any]

_LABEL = re.compile(r"(?!aws|ssm|\d)[\w.-]{1,100}", re.ASCII | re.IGNORECASE)


@service.operation(**ON_PARAMETER)
async def label_parameter_version(ctx: Context, request: Request) -> Request:
    """Put labels on a version, from wherever they are; those of a wrong form are told. API_LabelParameterVersion."""
    parameter = await find_by_name(ctx, request)
    number = await _number(ctx, parameter, request.get("ParameterVersion", parameter.latest.number))
    valid = [label for label in request["Labels"] if _LABEL.fullmatch(label)]
    labels = {**parameter.labels, **dict.fromkeys(valid, number)}
    after = msgspec.structs.replace(parameter, labels=labels)
    if len(after.labels_of(number)) > limits.LABELS_PER_VERSION:
        raise errors.too_many_labels()
    parameters.put(ctx, after, parameter.name)
    if valid:
        await events.changed(ctx, "LabelParameterVersion", after)
    return {"InvalidLabels": [label for label in request["Labels"] if label not in valid], "ParameterVersion": number}


@service.operation(**ON_PARAMETER)
async def unlabel_parameter_version(ctx: Context, request: Request) -> Request:
    """Take labels from a version; those that it does not have are told. API_UnlabelParameterVersion."""
    parameter = await find_by_name(ctx, request)
    number = await _number(ctx, parameter, request["ParameterVersion"])
    removed = [label for label in request["Labels"] if parameter.labels.get(label) == number]
    labels = {label: version for label, version in parameter.labels.items() if label not in removed}
    after = msgspec.structs.replace(parameter, labels=labels)
    parameters.put(ctx, after, parameter.name)
    if removed:
        await events.changed(ctx, "UnlabelParameterVersion", after)
    missing = [label for label in request["Labels"] if label not in removed]
    return {"RemovedLabels": removed, "InvalidLabels": missing}


async def _number(ctx: Context, parameter: Parameter, number: int) -> int:
    if await numbered(ctx, parameter, number) is None:
        raise errors.version_not_found(parameter.name, number)
    return number
