"""Parameter policies: Expiration, ExpirationNotification, NoChangeNotification, and the task that applies them.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-policies.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.ssm import errors, events, limits
from fogbank.services.ssm.parameter import Parameter, Policy, forget_policies, parameters, policy_key, remove
from fogbank.services.ssm.service import service

_UNITS = {"Days": 86_400, "Hours": 3_600}
EXPIRATION = "Expiration"
EXPIRATION_NOTIFICATION = "ExpirationNotification"
NO_CHANGE_NOTIFICATION = "NoChangeNotification"

replace = msgspec.structs.replace


# -- reading them


def parse(text: str, now: float) -> list[Policy]:
    """The policies in a request's JSON; an empty array or object stands for none.

    Raises ValidationException, InvalidPolicyTypeException, InvalidPolicyAttributeException, IncompatiblePolicyException,
    PoliciesLimitExceededException.
    """
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        raise errors.invalid_policies("not a JSON array.") from None
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise errors.invalid_policies("not a JSON array of objects.")
    listed = [entry for entry in listed if entry]
    if len(listed) > limits.POLICIES:
        raise errors.too_many_policies()
    expirations = [entry for entry in listed if entry.get("Type") == EXPIRATION]
    if len(expirations) > 1:
        raise errors.incompatible_policies("A parameter can have one policy of type Expiration only.")
    expires = _expiration(expirations[0], now) if expirations else None
    return [Policy(entry["Type"], json.dumps(entry), _moment(entry, now, expires)) for entry in listed]


def _moment(entry: dict[str, Any], now: float, expires: float | None) -> float:
    """When the policy takes effect."""
    kind, attributes = entry.get("Type"), _attributes(entry)
    if kind == EXPIRATION:
        return _expiration(entry, now)
    if kind == EXPIRATION_NOTIFICATION:
        if expires is None:
            raise errors.incompatible_policies("ExpirationNotification needs a policy of type Expiration.")
        return expires - _duration(attributes, "Before")
    if kind == NO_CHANGE_NOTIFICATION:
        return now + _duration(attributes, "After")
    raise errors.unknown_policy(kind)


def _attributes(entry: dict[str, Any]) -> dict[str, Any]:
    attributes = entry.get("Attributes")
    if entry.get("Version") != "1.0" or not isinstance(attributes, dict):
        raise errors.invalid_policy_attribute("A policy has the Version 1.0 and Attributes.")
    return attributes


def _expiration(entry: dict[str, Any], now: float) -> float:
    text = _attributes(entry).get("Timestamp")
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise errors.invalid_policy_attribute("Timestamp is not a time in ISO 8601.") from None
    at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if at <= now:
        raise errors.invalid_policy_attribute("Timestamp must be in the future.")
    return at


def _duration(attributes: dict[str, Any], member: str) -> float:
    number, unit = str(attributes.get(member, "")), attributes.get("Unit")
    if not number.isdecimal() or int(number) == 0 or unit not in _UNITS:
        raise errors.invalid_policy_attribute(f"{member} must be a positive number, and Unit be Days or Hours.")
    return int(number) * _UNITS[unit]


def renewed(policies: list[Policy], now: float) -> list[Policy]:
    """The policies after a change of the parameter: those that wait for a change wait anew."""
    return [
        replace(policy, at=_moment(json.loads(policy.text), now, None), status="Pending")
        if policy.type == NO_CHANGE_NOTIFICATION
        else policy
        for policy in policies
    ]


# -- applying them


async def plan(ctx: Context, before: Parameter | None, after: Parameter) -> None:
    """Have the parameter's policies applied when their time comes, and those that it had before no more."""
    if before is not None:
        await forget_policies(ctx, before)
    for index, policy in enumerate(after.latest.policies):
        if policy.status == "Pending":
            payload = {"name": after.name, "index": index}
            await ctx.schedule("apply_policy", payload, at=policy.at, key=policy_key(after.name, index))


@service.task
async def apply_policy(ctx: Context, payload: dict[str, Any]) -> None:
    """The time of a policy has come."""
    parameter = await parameters.get(ctx, payload["name"])
    if parameter is None or payload["index"] >= len(parameter.latest.policies):
        return
    policy = parameter.latest.policies[payload["index"]]
    await events.policy_acted(ctx, parameter, policy)
    if policy.type == EXPIRATION:
        await remove(ctx, parameter)
        await events.changed(ctx, "Delete", parameter)
        return
    policies = list(parameter.latest.policies)
    policies[payload["index"]] = replace(policy, status="Finished")
    parameters.put(ctx, replace(parameter, latest=replace(parameter.latest, policies=policies)), parameter.name)


def shown(policies: list[Policy]) -> list[dict[str, str]]:
    return [
        {"PolicyText": policy.text, "PolicyType": policy.type, "PolicyStatus": policy.status} for policy in policies
    ]
