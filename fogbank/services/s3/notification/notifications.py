"""Event notifications: who is told what happens in a bucket, and the telling.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html

A message to a queue is sent in the transaction of the change itself where no other process writes to the store: it costs little and
keeps the order. Everything else is a task of that transaction, one for each destination, so that none waits for another. What a
destination refuses for good (it is gone, or its policy does not let S3 in any more) is given up, as S3 does.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from fogbank.identity.principals import root
from fogbank.kernel import AWSError, Context
from fogbank.services.s3 import changes, errors, settings
from fogbank.services.s3.changes import Change
from fogbank.services.s3.content import digests
from fogbank.services.s3.notification import records as notification_records
from fogbank.services.s3.notification import rules
from fogbank.services.s3.notification.rules import Rule
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import Home, home_of
from fogbank.services.s3.service import service
from fogbank.storage.base import StoreError

log = logging.getLogger("fogbank.s3")

Request = dict[str, Any]
Answer = dict[str, Any]

_KIND = "notification"
_SUBJECT = "Amazon S3 Notification"


# -- configurations


@service.operation(action="s3:PutBucketNotification", **access.ON_BUCKET)
async def put_bucket_notification_configuration(ctx: Context, request: Request) -> Answer:
    """Set who is told of what; each queue and topic gets a test message.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
    Errors: InvalidArgument, for whatever is wrong.
    """
    digests.check_document(ctx.request)
    document = rules.checked(request["NotificationConfiguration"] or {}, ctx.ids.uuid)
    home = await home_of(ctx, request)
    found = list(rules.each(document))
    for rule in found:
        _check_destination(home, rule)
    if found and not request.get("SkipDestinationValidation"):
        await _try(home, found)
    settings.write(home, _KIND, document)
    changes.set_feature(home, _KIND, bool(document))
    return {}


@service.operation(action="s3:GetBucketNotification", **access.ON_BUCKET)
async def get_bucket_notification_configuration(ctx: Context, request: Request) -> Answer:
    """Empty where nobody is told of anything."""
    return await settings.read(await home_of(ctx, request), _KIND) or {}


def _check_destination(home: Home, rule: Rule) -> None:
    parts = rule.arn.split(":", 5)
    wire_name = next(wire for kind, _, wire in rules.KINDS.values() if kind == rule.service)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != rule.service or not (parts[3] and parts[4] and parts[5]):
        raise errors.invalid_argument("The ARN is not well formed", wire_name, rule.arn)
    if parts[3] != home.bucket.region:
        raise errors.invalid_argument(
            "The notification destination service region is not valid for the bucket location constraint",
            wire_name,
            rule.arn,
        )
    if rule.arn.endswith(".fifo"):
        what = "SQS queues" if rule.service == "sqs" else "SNS topics"
        raise errors.invalid_argument(f"FIFO {what} are not supported", wire_name, rule.arn)


async def _try(home: Home, found: list[Rule]) -> None:
    """Send a test message to each destination. Raises InvalidArgument with what is wrong with all of them."""
    ctx = settings.scope(home)
    message = _text(notification_records.test_event(home.ctx, home.name))
    wrong: dict[str, str] = {}
    for arn, kind in {rule.arn: rule.service for rule in found}.items():
        try:
            await ctx.undoing(_TESTS[kind], ctx, arn, message, home.bucket.arn)
        except AWSError:
            number = len(wrong) // 2 + 1
            wrong |= {f"ArgumentName{number}": arn, f"ArgumentValue{number}": await _reason(ctx, kind, arn)}
    if wrong:
        raise AWSError(
            "InvalidArgument", "Unable to validate the following destination configurations", 400, None, **wrong
        )


_NOUNS = {"sqs": "queue", "sns": "topic"}


async def _reason(ctx: Context, kind: str, arn: str) -> str:
    if kind == "lambda":
        return f"Not authorized to invoke function [{arn}]"
    if not await _exists(ctx, kind, arn):
        return f"The destination {_NOUNS[kind]} does not exist"
    return f"Permissions on the destination {_NOUNS[kind]} do not allow S3 to publish notifications from this bucket"


async def _exists(ctx: Context, kind: str, arn: str) -> bool:
    """Whoever may not send is not told whether there is something to send to; S3 knows all the same."""
    account = arn.split(":", 5)[4]
    owner = ctx.at(account=account)
    owner.principal = root(account)
    try:
        if kind == "sqs":
            await owner.call("sqs", "GetQueueAttributes", {"QueueUrl": _queue_url(ctx, arn)}, as_caller=True)
        else:
            await owner.call("sns", "GetTopicAttributes", {"TopicArn": arn}, as_caller=True)
    except AWSError:
        return False
    return True


# -- sending

Send = Callable[[Context, str, str, str], Awaitable[None]]


async def _to_queue(ctx: Context, arn: str, message: str, source_arn: str) -> None:
    await ctx.call(
        "sqs", "SendMessage", {"QueueUrl": _queue_url(ctx, arn), "MessageBody": message}, source_arn=source_arn
    )


def _queue_url(ctx: Context, arn: str) -> str:
    account, name = arn.split(":", 5)[4:]
    return f"{ctx.endpoint}/{account}/{name}"


async def _to_topic(ctx: Context, arn: str, message: str, source_arn: str) -> None:
    params = {"TopicArn": arn, "Message": message, "Subject": _SUBJECT}
    await ctx.call("sns", "Publish", params, source_arn=source_arn)


async def _to_function(ctx: Context, arn: str, message: str, source_arn: str) -> None:
    params = {"FunctionName": arn, "InvocationType": "Event", "Payload": message.encode()}
    await ctx.call("lambda", "Invoke", params, source_arn=source_arn)


async def _ask_function(ctx: Context, arn: str, message: str, source_arn: str) -> None:
    """Functions get no test message: S3 only asks whether it might invoke them."""
    await ctx.call("lambda", "Invoke", {"FunctionName": arn, "InvocationType": "DryRun"}, source_arn=source_arn)


async def _to_event_bus(ctx: Context, arn: str, message: str, source_arn: str) -> None:
    entry = {**orjson.loads(message), "Source": "aws.s3", "Resources": [source_arn]}
    answer = await ctx.call("events", "PutEvents", {"Entries": [entry]}, source_arn=source_arn)
    if answer.get("FailedEntryCount"):
        failed = answer["Entries"][0]
        raise AWSError(failed.get("ErrorCode") or "InternalFailure", failed.get("ErrorMessage") or "", 500)


_SENDS: dict[str, Send] = {
    "sqs": _to_queue,
    "sns": _to_topic,
    "lambda": _to_function,
    "events": _to_event_bus,
}
_TESTS: dict[str, Send] = {"sqs": _to_queue, "sns": _to_topic, "lambda": _ask_function}


# -- telling


@changes.follow(_KIND)
async def _tell(change: Change) -> None:
    """Tell everyone who wants to know of a change."""
    home = change.home
    packed = await settings.packed(home, _KIND)
    if packed is None:
        return
    wanted = rules.compiled(packed)
    for rule in wanted.rules:
        if rule.wants(change.event, change.key):
            text = _text({"Records": [notification_records.record(change, rule.id)]})
            await _deliver(home, rule.service, rule.arn, text)
    if wanted.event_bridge and (found := notification_records.detail(change)) is not None:
        kind, detail = found
        entry = {"DetailType": kind, "Detail": _text(detail), "Time": home.ctx.now()}
        await _deliver(home, "events", "", _text(entry))


async def _deliver(home: Home, kind: str, arn: str, message: str) -> None:
    """Send a message now if that is cheap, else by a task; a change never fails because somebody cannot be told of it."""
    ctx, source_arn = settings.scope(home), home.bucket.arn
    if kind == "sqs" and ctx.app.store.alone:
        try:
            await ctx.undoing(_to_queue, ctx, arn, message, source_arn)
            return
        except StoreError:
            raise
        except Exception as error:
            log.debug("%s is told of a change in %s later: %r", arn, source_arn, error)
    payload = {"kind": kind, "arn": arn, "message": message, "source": source_arn, "trace": ctx.trace}
    await ctx.schedule("notify", payload)


@service.task
async def notify(ctx: Context, payload: dict[str, Any]) -> None:
    """Send a message. What fails for other reasons than a refusal is tried again."""
    ctx.trace = payload.get("trace", "")
    try:
        await ctx.undoing(_SENDS[payload["kind"]], ctx, payload["arn"], payload["message"], payload["source"])
    except AWSError as error:
        if (error.status or 400) >= 500:
            raise
        log.warning(
            "%s cannot be told of a change in %s: %s", payload["arn"] or "EventBridge", payload["source"], error
        )


def _text(document: Answer) -> str:
    return orjson.dumps(document).decode()
