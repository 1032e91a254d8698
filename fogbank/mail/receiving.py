"""Mail that comes in: receipt rules, and what they do.

    rule_sets  name  -> RuleSet
    active     ()    -> Active, the name of the rule set that is at work

A mail comes in when it is sent to an address whose domain is verified here, or that is itself.
https://docs.aws.amazon.com/ses/latest/dg/receiving-email-concepts.html
"""

from __future__ import annotations

import base64
import email
from typing import Any, NamedTuple

import orjson

from fogbank.http import Payload
from fogbank.kernel import AWSError, Collection, Context, Record
from fogbank.mail import addresses, identities, messages
from fogbank.mail.records import arn_of, office
from fogbank.protocols.timestamps import iso8601_milliseconds

_NOTIFIED_BYTES = 150 * 1024


class RuleSet(Record, frozen=True):
    """`rules` are in wire form, in their order."""

    name: str
    created: float
    rules: list[dict[str, Any]] = []


class Active(Record, frozen=True):
    name: str


class Received(NamedTuple):
    id: str
    sender: str
    recipient: str
    data: bytes
    rule_set: str


rule_sets: Collection[RuleSet] = Collection("ses", "rule_sets", RuleSet)
active: Collection[Active] = Collection("ses", "active_rule_set", Active)


async def receive_soon(ctx: Context, recipient: str, sender: str, message_id: str, data: bytes) -> None:
    """Have the rules look at a mail, if there are any and it is for somebody here."""
    if await active.get(ctx) is None or await identities.sending_for(ctx, recipient) is None:
        return
    payload = {"recipient": recipient, "sender": sender, "id": message_id, "data": data}
    await office(ctx).schedule("receive", payload)


async def rules_for(ctx: Context, recipient: str) -> tuple[str, list[dict[str, Any]]]:
    """(the name of the active rule set, its rules that are for the recipient)."""
    found = await active.get(ctx)
    rule_set = await rule_sets.get(ctx, found.name) if found is not None else None
    if rule_set is None:
        return "", []
    return rule_set.name, [rule for rule in rule_set.rules if rule.get("Enabled") and _is_for(rule, recipient)]


def _is_for(rule: dict[str, Any], recipient: str) -> bool:
    """A rule without recipients is for all of them; `.example.com` is for what is below a domain."""
    address, domain = recipient.lower(), addresses.domain_of(recipient)
    wanted = [each.lower() for each in rule.get("Recipients") or ()]
    return not wanted or any(
        each in (address, domain, addresses.base_of(address)) or (each.startswith(".") and domain.endswith(each))
        for each in wanted
    )


async def handle(ctx: Context, received: Received, rules: list[dict[str, Any]]) -> None:
    """Do what the rules say, one action after another, until one stops it. Outside of transactions."""
    for rule in rules:
        for action in rule.get("Actions") or ():
            ((kind, settings),) = ((name, value) for name, value in action.items() if value)
            if kind == "AddHeaderAction":
                line = f"{settings['HeaderName']}: {settings['HeaderValue']}\r\n".encode()
                received = received._replace(data=line + received.data)
                continue
            stops = await _ACTIONS[kind](ctx, received, settings)
            if settings.get("TopicArn") and kind != "SNSAction":
                await _publish(ctx, received, settings["TopicArn"], _notification(ctx, received, kind, settings))
            if stops:
                return


# -- actions: each says whether it is the last one


async def _to_bucket(ctx: Context, received: Received, settings: dict[str, Any]) -> bool:
    key = f"{settings.get('ObjectKeyPrefix') or ''}{received.id}"
    request = {"Bucket": settings["BucketName"], "Key": key, "Body": Payload(received.data)}
    if kms := settings.get("KmsKeyArn"):
        request |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms}
    source = arn_of(ctx, "receipt-rule-set", received.rule_set)
    await ctx.call("s3", "PutObject", request, source_arn=source, role=settings.get("IamRoleArn"))
    return False


async def _to_topic(ctx: Context, received: Received, settings: dict[str, Any]) -> bool:
    """A mail that is too large for a topic bounces on AWS; here it is told of without its content."""
    document = _notification(ctx, received, "SNSAction", settings)
    if len(received.data) <= _NOTIFIED_BYTES:
        is_base64 = settings.get("Encoding") == "Base64"
        text = base64.b64encode(received.data).decode() if is_base64 else received.data.decode("utf-8", "replace")
        document["content"] = text
    await _publish(ctx, received, settings["TopicArn"], document)
    return False


async def _to_function(ctx: Context, received: Received, settings: dict[str, Any]) -> bool:
    """A function that is waited for may stop the rule, or the whole rule set."""
    kind = settings.get("InvocationType") or "Event"
    told = _notification(ctx, received, "LambdaAction", settings)
    record = {
        "eventSource": "aws:ses",
        "eventVersion": "1.0",
        "ses": {"mail": told["mail"], "receipt": told["receipt"]},
    }
    request = {
        "FunctionName": settings["FunctionArn"],
        "InvocationType": kind,
        "Payload": orjson.dumps({"Records": [record]}),
    }
    answer = await ctx.call("lambda", "Invoke", request, source_arn=arn_of(ctx, "receipt-rule-set", received.rule_set))
    if kind == "Event":
        return False
    try:
        disposition = orjson.loads(bytes(answer.get("Payload") or b"null"))["disposition"]
    except (ValueError, KeyError, TypeError):
        return False
    return str(disposition).upper() in ("STOP_RULE", "STOP_RULE_SET")


async def _bounce(ctx: Context, received: Received, settings: dict[str, Any]) -> bool:
    from fogbank.kernel import mailbox

    text = f"{settings['SmtpReplyCode']} {settings.get('StatusCode') or ''} {settings['Message']}"

    async def post() -> None:
        about = {"MessageId": received.id}
        subject = "Delivery Status Notification (Failure)"
        mailbox.post(ctx, "email", received.sender, text, subject, settings["Sender"], about)

    await ctx.transact(post)
    return True


async def _stop(ctx: Context, received: Received, settings: dict[str, Any]) -> bool:
    return True


_ACTIONS = {
    "S3Action": _to_bucket,
    "SNSAction": _to_topic,
    "LambdaAction": _to_function,
    "BounceAction": _bounce,
    "StopAction": _stop,
}
HERE = frozenset({*_ACTIONS, "AddHeaderAction"})


async def _publish(ctx: Context, received: Received, topic: str, document: dict[str, Any]) -> None:
    subject = str(document["mail"]["commonHeaders"].get("subject") or "Amazon SES Email Receipt Notification")
    request = {
        "TopicArn": topic,
        "Message": orjson.dumps(document).decode(),
        "Subject": "".join(letter for letter in subject if letter.isprintable() and letter.isascii())[:99]
        or "Amazon SES Email Receipt Notification",
    }
    source = arn_of(ctx, "receipt-rule-set", received.rule_set)
    scope = ctx.at(region=topic.split(":")[3])

    async def put() -> None:
        await scope.call("sns", "Publish", request, source_arn=source)

    try:
        await scope.transact(put)
    except AWSError as error:
        if error.code not in ("NotFound", "NotFoundException"):
            raise


def _notification(ctx: Context, received: Received, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html"""
    mail = email.message_from_bytes(received.data)
    common: dict[str, Any] = {
        "returnPath": received.sender,
        "from": [str(mail.get("From") or received.sender)],
        "date": str(mail.get("Date") or ""),
        "to": [str(mail.get("To") or received.recipient)],
        "messageId": str(mail.get("Message-ID") or ""),
        "subject": str(mail.get("Subject") or ""),
    }
    action = {name[0].lower() + name[1:]: value for name, value in settings.items() if value}
    if kind == "S3Action":
        action["objectKey"] = f"{settings.get('ObjectKeyPrefix') or ''}{received.id}"
    passed = {"status": "PASS"}
    now = iso8601_milliseconds(ctx.now())
    return {
        "notificationType": "Received",
        "mail": {
            "timestamp": now,
            "source": addresses.plain(received.sender),
            "messageId": received.id,
            "destination": [received.recipient],
            "headersTruncated": False,
            "headers": messages.headers(received.data),
            "commonHeaders": common,
        },
        "receipt": {
            "timestamp": now,
            "processingTimeMillis": 0,
            "recipients": [received.recipient],
            "spamVerdict": passed,
            "virusVerdict": passed,
            "spfVerdict": passed,
            "dkimVerdict": passed,
            "dmarcVerdict": passed,
            "action": {"type": kind.removesuffix("Action"), **action},
        },
    }
