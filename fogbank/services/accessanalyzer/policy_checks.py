"""Custom policy checks: CheckNoNewAccess, CheckAccessNotGranted, CheckNoPublicAccess."""

from __future__ import annotations

import json
from typing import Any

from fogbank.kernel import Context
from fogbank.services.accessanalyzer import comparisons, errors
from fogbank.services.accessanalyzer.access import Grant
from fogbank.services.accessanalyzer.service import service

Request = dict[str, Any]
Document = dict[str, Any]


@service.operation
async def check_no_new_access(ctx: Context, request: Request) -> Request:
    """Does a new policy allow anything that the existing one does not? API_CheckNoNewAccess."""
    resource = request["policyType"] == "RESOURCE_POLICY"
    new, existing = (_document(request[name], resource) for name in ("newPolicyDocument", "existingPolicyDocument"))
    found = comparisons.new_access(new, existing)
    if not found:
        return _passed("The modified permissions do not grant new access compared to your existing policy.")
    message = "The modified permissions grant new access compared to your existing policy."
    return _failed(message, "New access in the statement with", found)


@service.operation
async def check_access_not_granted(ctx: Context, request: Request) -> Request:
    """Does a policy allow certain actions, on certain resources? API_CheckAccessNotGranted."""
    access = [each for each in request["access"] if each.get("actions") or each.get("resources")]
    if not access:
        raise errors.invalid_parameter("At least one action or resource must be specified in access.")
    document = _document(request["policyDocument"], request["policyType"] == "RESOURCE_POLICY")
    actions, resources = access[0].get("actions", []), access[0].get("resources", [])
    what = " or ".join(name for name, given in (("actions", actions), ("resources", resources)) if given)
    found = comparisons.granted_access(document, actions, resources)
    if not found:
        return _passed(f"The policy document does not grant access to perform one or more of the listed {what}.")
    message = f"The policy document grants access to perform one or more of the listed {what}."
    return _failed(message, f"One or more of the listed {what} in the statement with", found)


@service.operation
async def check_no_public_access(ctx: Context, request: Request) -> Request:
    """Does a resource policy let in anybody? API_CheckNoPublicAccess."""
    found = comparisons.public_access(_document(request["policyDocument"], resource=True))
    if not found:
        return _passed("The resource policy does not grant public access for the given resource type.")
    message = "The resource policy grants public access for the given resource type."
    return _failed(message, "Public access granted in the following statement with", found)


def _passed(message: str) -> Request:
    return {"result": "PASS", "message": message}


def _failed(message: str, reason: str, found: list[Grant]) -> Request:
    return {"result": "FAIL", "message": message, "reasons": [_reason(reason, grant) for grant in found]}


def _reason(reason: str, grant: Grant) -> Request:
    where = f"sid: {grant.sid}" if grant.sid else f"index: {grant.index}"
    return {
        "description": f"{reason} {where}.",
        "statementIndex": grant.index,
        "statementId": grant.sid or None,
    }


# -- what is fit to be checked


def _document(text: str, resource: bool) -> Document:
    """The document of a policy. Raises InvalidParameterException where it has not what the checks look at."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise errors.invalid_policy("It is not valid JSON.") from None
    if not isinstance(document, dict):
        raise errors.invalid_policy("It must be a JSON object.")
    statements = document.get("Statement")
    listed = statements if isinstance(statements, list) else [statements]
    if not listed:
        raise errors.invalid_policy("It must have a statement.")
    for statement in listed:
        _check_statement(statement, resource)
    return document


def _check_statement(statement: Any, resource: bool) -> None:
    if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
        raise errors.invalid_policy("Each statement must have the effect Allow or Deny.")
    if not any(_is_names(statement.get(name)) for name in ("Action", "NotAction")):
        raise errors.invalid_policy("Each statement must have actions.")
    for name in ("Resource", "NotResource"):
        if name in statement and not _is_names(statement[name]):
            raise errors.invalid_policy(f"{name} must be a string or a list of strings.")
    has_principal = any(_is_principal(statement.get(name)) for name in ("Principal", "NotPrincipal"))
    if has_principal is not resource:
        raise errors.invalid_policy(f"The policy type {'requires' if resource else 'does not support'} principals.")
    if not _is_condition(statement.get("Condition", {})):
        raise errors.invalid_policy("Condition must be an object of operators, keys and values.")


def _is_names(value: Any) -> bool:
    listed = value if isinstance(value, list) else [value]
    return bool(listed) and all(isinstance(name, str) for name in listed)


def _is_principal(value: Any) -> bool:
    return value == "*" or (isinstance(value, dict) and bool(value) and all(map(_is_names, value.values())))


def _is_condition(block: Any) -> bool:
    return isinstance(block, dict) and all(isinstance(tests, dict) for tests in block.values())
