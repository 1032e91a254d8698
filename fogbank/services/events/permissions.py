"""PutPermission and RemovePermission: the policy of a bus. What it allows, the decision enforces."""

from __future__ import annotations

import json
from typing import Any

from fogbank.kernel import Context
from fogbank.services.events import errors, limits
from fogbank.services.events.bus import find_bus, modify
from fogbank.services.events.names import DEFAULT, bus_arn
from fogbank.services.events.service import service

Request = dict[str, Any]
Document = dict[str, Any]


def _own(ctx: Context, request: Request) -> str:
    return bus_arn(ctx, request.get("EventBusName") or DEFAULT)


@service.operation(resource=_own)
async def put_permission(ctx: Context, request: Request) -> None:
    """Let an account, or all of an organization, in; or replace the policy as a whole. API_PutPermission."""
    bus = await find_bus(ctx, request.get("EventBusName") or DEFAULT)
    arn = bus_arn(ctx, bus.name)
    if request.get("Policy"):
        policy = _checked(request["Policy"])
    else:
        statement = _statement(request, arn)
        document = _document(bus.policy)
        others = [each for each in document["Statement"] if each.get("Sid") != statement["Sid"]]
        policy = json.dumps({**document, "Statement": [*others, statement]}, separators=(",", ":"))
    if len(policy.encode()) > limits.POLICY_BYTES:
        raise errors.policy_too_long()
    modify(ctx, bus, policy=policy)


def _document(policy: str | None) -> Document:
    """The policy with its statements as a list; an empty one when there is none."""
    if policy is None:
        return {"Version": "2012-10-17", "Statement": []}
    document: Document = json.loads(policy)
    statements = document["Statement"]
    return {**document, "Statement": statements if isinstance(statements, list) else [statements]}


def _checked(policy: str) -> str:
    """The policy as it is kept. Raises ValidationException for what is none."""
    from fogbank.identity import policy_grammar

    try:
        document = policy_grammar.check(policy, "resource")
    except policy_grammar.MalformedPolicy as error:
        raise errors.invalid_policy(error.message) from None
    return json.dumps(document, separators=(",", ":"))


def _statement(request: Request, arn: str) -> Document:
    """The statement that a request asks for. Raises ValidationException."""
    for name in ("Action", "Principal", "StatementId"):
        if not request.get(name):
            raise errors.invalid_parameter(name, f"{name} is a required argument.")
    if request["Action"] != "events:PutEvents":
        raise errors.invalid_parameter("Action", "Provided value in parameter 'action' is not supported.")
    account, partition = request["Principal"], arn.split(":", 2)[1]
    condition = request.get("Condition")
    return {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": "*" if account == "*" else {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": request["Action"],
        "Resource": arn,
        **({"Condition": _condition(condition)} if condition else {}),
    }


def _condition(given: Document) -> Document:
    if given["Type"] != "StringEquals" or given["Key"] != "aws:PrincipalOrgID":
        raise errors.invalid_parameter("Condition", "Only StringEquals of aws:PrincipalOrgID is supported.")
    return {given["Type"]: {given["Key"]: given["Value"]}}


@service.operation(resource=_own)
async def remove_permission(ctx: Context, request: Request) -> None:
    """Take back what was allowed under an id, or all of it. API_RemovePermission."""
    bus = await find_bus(ctx, request.get("EventBusName") or DEFAULT)
    if request.get("RemoveAllPermissions"):
        modify(ctx, bus, policy=None)
        return
    if bus.policy is None:
        raise errors.no_policy()
    document, id = _document(bus.policy), request.get("StatementId") or ""
    others = [each for each in document["Statement"] if each.get("Sid") != id]
    if len(others) == len(document["Statement"]):
        raise errors.no_statement(id)
    document["Statement"] = others
    modify(ctx, bus, policy=json.dumps(document, separators=(",", ":")) if others else None)
