"""AddPermission and RemovePermission: statements by label in the topic's policy. What they allow, the decision enforces."""

from __future__ import annotations

import json
import re
from typing import Any

from fogbank.kernel import Context
from fogbank.services.sns import errors
from fogbank.services.sns.service import service
from fogbank.services.sns.topic import ON_TOPIC, Topic, arn, find, modify, policy_of, quick

Request = dict[str, Any]
Document = dict[str, Any]

_ACCOUNT = re.compile(r"\d{12}$")
# https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html: "any Amazon SNS action name", of those that are on a topic
_ACTIONS = frozenset(
    {
        "AddPermission",
        "DeleteTopic",
        "GetDataProtectionPolicy",
        "GetTopicAttributes",
        "ListSubscriptionsByTopic",
        "ListTagsForResource",
        "Publish",
        "PutDataProtectionPolicy",
        "Receive",
        "RemovePermission",
        "SetTopicAttributes",
        "Subscribe",
    }
)


@service.operation(**ON_TOPIC)
async def add_permission(ctx: Context, request: Request) -> Request:
    """Let other accounts call actions on a topic. API_AddPermission."""
    scope, topic = await find(ctx, request["TopicArn"])
    statement = _statement(arn(scope, topic.name), request)
    document = _document(scope, topic)
    if any(each.get("Sid") == statement["Sid"] for each in document["Statement"]):
        raise errors.label_exists()
    _keep(scope, topic, {**document, "Statement": [*document["Statement"], statement]})
    return {}


@service.operation(**ON_TOPIC)
async def remove_permission(ctx: Context, request: Request) -> Request:
    """Take back what was allowed under a label. API_RemovePermission."""
    scope, topic = await find(ctx, request["TopicArn"])
    document = _document(scope, topic)
    others = [each for each in document["Statement"] if each.get("Sid") != request["Label"]]
    if len(others) == len(document["Statement"]):
        raise errors.label_not_found()
    _keep(scope, topic, {**document, "Statement": others})
    return {}


def _document(ctx: Context, topic: Topic) -> Document:
    document: Document = json.loads(policy_of(ctx, topic))
    statements = document["Statement"]
    return {**document, "Statement": statements if isinstance(statements, list) else [statements]}


def _keep(ctx: Context, topic: Topic, document: Document) -> None:
    policy = json.dumps(document, separators=(",", ":")) if document["Statement"] else ""
    attributes = {**topic.attributes, "Policy": policy}
    modify(ctx, topic, **quick({name: value for name, value in attributes.items() if value}))


def _statement(topic_arn: str, request: Request) -> Document:
    accounts, actions = request["AWSAccountId"], request["ActionName"]
    if not request["Label"]:
        raise errors.missing("Label")
    for parameter, values in (("AWSAccountId", accounts), ("ActionName", actions)):
        if not values:
            raise errors.missing(parameter)
    if not all(_ACCOUNT.match(account) for account in accounts):
        raise errors.policy_error("PrincipalNotFound")
    if any(action not in _ACTIONS for action in actions):
        raise errors.action_out_of_scope()
    partition = topic_arn.split(":", 2)[1]
    return {
        "Sid": request["Label"],
        "Effect": "Allow",
        "Principal": {"AWS": _one_or_all([f"arn:{partition}:iam::{account}:root" for account in accounts])},
        "Action": _one_or_all([f"SNS:{action}" for action in actions]),
        "Resource": topic_arn,
    }


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
