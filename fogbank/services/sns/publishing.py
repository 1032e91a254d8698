"""Publish and PublishBatch."""

from __future__ import annotations

import re
from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.sns import (
    archive,
    arns,
    audits,
    data_protection,
    endpoints,
    errors,
    fifo,
    limits,
    message_attributes,
    metering,
    platforms,
    sms,
    topic,
)
from fogbank.services.sns.envelope import sequence_number
from fogbank.services.sns.fanout import fan_out
from fogbank.services.sns.fifo import Published
from fogbank.services.sns.message import Message, checked, order, size, trace_header
from fogbank.services.sns.service import service
from fogbank.services.sns.topic import ON_TOPIC, Topic

Request = dict[str, Any]

_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}$")


# -- what the decision needs to know


def _is_for_topic(request: Request) -> bool:
    target = request.get("TopicArn") or request.get("TargetArn") or ""
    return not request.get("PhoneNumber") and "/" not in target


def _resource(ctx: Context, request: Request) -> str:
    if request.get("PhoneNumber"):
        return "*"
    target = request.get("TopicArn") or request.get("TargetArn")
    if not target:
        raise errors.no_target()
    return topic.named_arn(ctx, request) if _is_for_topic(request) else str(target)


async def _owner(ctx: Context, request: Request) -> str | None:
    if request.get("PhoneNumber"):
        return ctx.account
    return arns.read(_resource(ctx, request), "TargetArn").account


async def _policy(ctx: Context, request: Request) -> str | None:
    return await topic.named_policy(ctx, request) if _resource(ctx, request) != "*" and _is_for_topic(request) else None


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    return await topic.named_tags(ctx, request) if _is_for_topic(request) else {}


# -- operations


@service.operation(resource=_resource, owner=_owner, policy=_policy, tags=_tags)
async def publish(ctx: Context, request: Request) -> Request:
    """Publish to a topic, to a device, or to a phone number. API_Publish."""
    targets = [name for name in ("TopicArn", "TargetArn", "PhoneNumber") if request.get(name)]
    if len(targets) != 1:
        raise errors.several_targets() if targets else errors.no_target()
    if targets == ["PhoneNumber"]:
        return await _to_phone(ctx, request)
    if not _is_for_topic(request):
        return await _to_device(ctx, request)
    return await to_topic(ctx, request[targets[0]], request)


async def to_topic(ctx: Context, arn: str, request: Request) -> Request:
    """Publish to a topic. Returns the answer."""
    scope, found = await topic.find(ctx, arn)
    fields = {**checked(request, found.maximum_size), **order(found, request)}
    await _ask_for_key(ctx, scope, found)
    message, answer = await _accept(ctx, scope, found, fields)
    await fan_out(scope, found, [message] if message else [])
    return answer


async def _to_phone(ctx: Context, request: Request) -> Request:
    number = endpoints.phone_number(request["PhoneNumber"])
    if number is None:
        raise errors.phone_number(request["PhoneNumber"])
    fields = checked(request, limits.MESSAGE_BYTES)
    message = Message(ctx.ids.uuid(), "", at=ctx.now(), base=ctx.endpoint, **fields)
    if len(message.body) > limits.SMS_LENGTH:
        raise errors.invalid("Message too long")
    try:
        await sms.send(ctx, number, message.body_for("sms"), message, {"MessageId": message.id})
    except AWSError as error:
        if error.code != "OptedOutException":  # the publisher is not told
            raise
        metering.texted(ctx, delivered=False)
    else:
        metering.texted(ctx, delivered=True)
    return {"MessageId": message.id}


async def _to_device(ctx: Context, request: Request) -> Request:
    fields = checked(request, limits.MESSAGE_BYTES)
    message = Message(ctx.ids.uuid(), "", at=ctx.now(), base=ctx.endpoint, **fields)
    arn = request.get("TargetArn") or request["TopicArn"]
    await platforms.push(ctx, arn, message, {"MessageId": message.id})
    return {"MessageId": message.id}


async def _ask_for_key(ctx: Context, scope: Context, topic_: Topic) -> None:
    """Who publishes to an encrypted topic needs its key.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    if topic_.key is None:
        return
    request = {
        "KeyId": topic_.key,
        "KeySpec": "AES_256",
        "EncryptionContext": {"aws:sns:topicArn": topic.arn(scope, topic_.name)},
    }
    try:
        made = await scope.call("kms", "GenerateDataKey", request, as_caller=True)
        opening = {"CiphertextBlob": made["CiphertextBlob"], "EncryptionContext": request["EncryptionContext"]}
        await scope.call("kms", "Decrypt", opening, as_caller=True)
    except AWSError as error:
        raise errors.of_kms(error) from error


async def _accept(ctx: Context, scope: Context, topic_: Topic, fields: Request) -> tuple[Message | None, Request]:
    """Take a message in. Returns it, to be delivered, and the answer; a duplicate is only answered like the message that it repeats."""
    whole = fields["body"]
    if topic_.data_protection is not None:
        fields = _protected(ctx, topic_, fields)
    sequence = 0
    if topic_.fifo:
        before = await fifo.published_before(scope, topic_, fields["group"], fields["deduplication"])
        if before is not None:
            return None, _answer(before.id, before.sequence)
        sequence = await fifo.next_sequence(scope, topic_)
    arn = topic.arn(scope, topic_.name)
    trace = trace_header(ctx.trace)
    message = Message(ctx.ids.uuid(), arn, at=ctx.now(), base=ctx.endpoint, sequence=sequence, trace=trace, **fields)
    if topic_.data_protection is not None:
        await audits.report(scope, topic_.data_protection, ctx.principal.policy_arn, message, whole)
    if topic_.fifo:
        published = Published(message.id, sequence, message.at)
        await fifo.remember(scope, topic_, fields["group"], fields["deduplication"], published)
        await archive.keep(scope, topic_, message)
    metering.published(scope, topic_.name, message)
    return message, _answer(message.id, sequence)


def _answer(message_id: str, sequence: int) -> Request:
    return {"MessageId": message_id, "SequenceNumber": sequence_number(sequence) if sequence else None}


def _protected(ctx: Context, topic_: Topic, fields: Request) -> Request:
    """The bodies as the data protection policy lets them in."""

    def protect(text: str) -> str:
        return data_protection.applied(topic_.data_protection, "Inbound", ctx.principal.policy_arn, text)

    try:
        bodies = fields["bodies"] and {name: protect(text) for name, text in fields["bodies"].items()}
        return {**fields, "body": protect(fields["body"]), "bodies": bodies}
    except data_protection.Denied:
        raise errors.denied_by_data_protection() from None


# -- batches


@service.operation(action="sns:Publish", **ON_TOPIC)
async def publish_batch(ctx: Context, request: Request) -> Request:
    """Publish up to ten messages, each with its own success or failure. API_PublishBatch."""
    scope, found = await topic.find(ctx, request["TopicArn"])
    entries = request["PublishBatchRequestEntries"]
    _check_batch(entries, found.maximum_size)
    await _ask_for_key(ctx, scope, found)
    messages: list[Message] = []
    done: list[Request] = []
    failed: list[Request] = []
    for entry in entries:
        try:
            fields = {**checked(entry, found.maximum_size), **order(found, entry)}
            message, answer = await _accept(ctx, scope, found, fields)
        except AWSError as error:
            failed.append(_failure(entry["Id"], error))
        else:
            done.append({"Id": entry["Id"], **answer})
            messages += [message] if message else []
    await fan_out(scope, found, messages)
    return {"Successful": done, "Failed": failed}


def _failure(entry_id: str, error: AWSError) -> Request:
    code = {"InvalidParameterException": "InvalidParameter", "InvalidParameterValueException": "ParameterValueInvalid"}
    return {"Id": entry_id, "Code": code.get(error.code, error.code), "Message": error.message, "SenderFault": True}


def _check_batch(entries: list[Request], maximum: int) -> None:
    if not entries:
        raise errors.empty_batch()
    if len(entries) > limits.BATCH_ENTRIES:
        raise errors.too_many_entries()
    if any(not _ENTRY_ID.match(entry["Id"]) for entry in entries):
        raise errors.invalid_entry_id()
    if len({entry["Id"] for entry in entries}) < len(entries):
        raise errors.repeated_ids()
    if sum(_size(entry) for entry in entries) > maximum:
        raise errors.batch_too_long()


def _size(entry: Request) -> int:
    try:
        return size(entry, message_attributes.checked(entry.get("MessageAttributes") or {}))
    except AWSError:  # its own refusal says so
        return len(entry["Message"].encode())
