"""AddPermission and RemovePermission: statements by label in the queue's policy. What they allow, the decision enforces."""

from __future__ import annotations

import json
import re
from typing import Any

from fogbank.kernel import Context
from fogbank.services.sqs import errors, limits
from fogbank.services.sqs.queue import OWNED, Queue, arn, find, modify
from fogbank.services.sqs.service import service

Request = dict[str, Any]
Document = dict[str, Any]

_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}$")
_ACCOUNT = re.compile(r"\d{12}$")

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
_ACTIONS = frozenset(
    {
        "*",
        "ChangeMessageVisibility",
        "DeleteMessage",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ListDeadLetterSourceQueues",
        "PurgeQueue",
        "ReceiveMessage",
        "SendMessage",
    }
)
_OWNER_ACTIONS = frozenset(
    {
        "AddPermission",
        "CancelMessageMoveTask",
        "CreateQueue",
        "DeleteQueue",
        "ListMessageMoveTasks",
        "ListQueues",
        "ListQueueTags",
        "RemovePermission",
        "SetQueueAttributes",
        "StartMessageMoveTask",
        "TagQueue",
        "UntagQueue",
    }
)


@service.operation(**OWNED)
async def add_permission(ctx: Context, request: Request) -> Request:
    """Let other accounts call actions on a queue. API_AddPermission."""
    scope, queue = await find(ctx, request)
    statement = _statement(arn(scope, queue.name), request)
    document = _document(queue, arn(scope, queue.name))
    if any(each.get("Sid") == statement["Sid"] for each in document["Statement"]):
        raise errors.label_exists(statement["Sid"])
    if len(document["Statement"]) >= limits.STATEMENTS:
        raise errors.too_many_statements(len(document["Statement"]) + 1)
    await _keep(scope, queue, {**document, "Statement": [*document["Statement"], statement]})
    return {}


@service.operation(**OWNED)
async def remove_permission(ctx: Context, request: Request) -> Request:
    """Take back what was allowed under a label. API_RemovePermission."""
    scope, queue = await find(ctx, request)
    document = _document(queue, arn(scope, queue.name))
    others = [each for each in document["Statement"] if each.get("Sid") != request["Label"]]
    if len(others) == len(document["Statement"]):
        raise errors.label_not_found(request["Label"])
    await _keep(scope, queue, {**document, "Statement": others})
    return {}


def _document(queue: Queue, queue_arn: str) -> Document:
    """The queue's policy, its statements as a list; the one that AWS begins with when there is none."""
    text = queue.attributes.get("Policy")
    if text is None:
        return {"Version": "2008-10-17", "Id": f"{queue_arn}/SQSDefaultPolicy", "Statement": []}
    document: Document = json.loads(text)
    statements = document["Statement"]
    return {**document, "Statement": statements if isinstance(statements, list) else [statements]}


async def _keep(ctx: Context, queue: Queue, document: Document) -> None:
    attributes = {name: value for name, value in queue.attributes.items() if name != "Policy"}
    if document["Statement"]:
        attributes["Policy"] = json.dumps(document, separators=(",", ":"))
    await modify(ctx, queue, attributes=attributes, modified=int(ctx.now()))


def _statement(queue_arn: str, request: Request) -> Document:
    """The statement that a request asks for. Raises MissingParameter, InvalidParameterValue and OverLimit."""
    label, accounts, actions = request["Label"], request["AWSAccountIds"], request["Actions"]
    if not _LABEL.match(label):
        raise errors.invalid_label(label)
    _check_actions(actions)
    if not accounts:
        raise errors.missing_parameter("AWSAccountIds")
    if not all(_ACCOUNT.match(account) for account in accounts):
        raise errors.unknown_principal(accounts)
    partition = queue_arn.split(":", 2)[1]
    return {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": _one_or_all([f"arn:{partition}:iam::{account}:root" for account in accounts])},
        "Action": _one_or_all([f"SQS:{action}" for action in actions]),
        "Resource": queue_arn,
    }


def _check_actions(actions: list[str]) -> None:
    if not actions:
        raise errors.missing_parameter("Actions")
    for action in actions:
        if action in _OWNER_ACTIONS:
            raise errors.action_of_the_owner(action)
        if action not in _ACTIONS:
            raise errors.unknown_action(action)
    if len(actions) > limits.ACTIONS_PER_STATEMENT:
        raise errors.too_many_actions(len(actions))


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
