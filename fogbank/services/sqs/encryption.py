"""Queues that are encrypted with a key of KMS: who sends needs the key for a new data key, who receives needs it to open the old one.

    data_keys  (queue id, ARN of the KMS key)   DataKey

KMS is asked for each request, so what changes about the key counts at once; AWS asks again when the data key reuse period is over. A dead
letter stays under the key of the queue that it was sent to.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fogbank.kernel import AWSError, Context, Record
from fogbank.services.sqs import errors
from fogbank.services.sqs.messages import DataKeyId, Message
from fogbank.services.sqs.queue import Queue, arn
from fogbank.services.sqs.service import service


class DataKey(Record, frozen=True):
    """`queue` is the ARN of the queue that it was made for."""

    wrapped: bytes
    queue: str


data_keys = service.collection("data_keys", DataKey)


async def data_key(ctx: Context, queue: Queue) -> DataKeyId | None:
    """What messages that are sent now are under; None where KMS has no part in it. `ctx` is in the scope of the queue's account.

    Raises KmsAccessDenied, KmsDisabled, KmsInvalidKeyUsage, KmsInvalidState, KmsNotFound.
    """
    key = queue.attributes.get("KmsMasterKeyId")
    if key is None:
        return None
    about = _context(arn(ctx, queue.name))
    made = await _ask(ctx, "GenerateDataKey", {"KeyId": key, "KeySpec": "AES_256", **about})
    await _ask(ctx, "Decrypt", {"CiphertextBlob": made["CiphertextBlob"], **about})
    number = (queue.id, str(made["KeyId"]))
    data_keys.put(ctx, DataKey(made["CiphertextBlob"], arn(ctx, queue.name)), *number)
    return number


async def open_all(ctx: Context, messages: Iterable[Message]) -> None:
    """See to it that the caller may read the messages. Raises like `data_key`."""
    for number in {message.data_key for message in messages if message.data_key is not None}:
        found = await data_keys.get(ctx, *number)
        assert found is not None
        await _ask(ctx, "Decrypt", {"CiphertextBlob": found.wrapped, **_context(found.queue)})


def _context(queue: str) -> dict[str, Any]:
    return {"EncryptionContext": {"aws:sqs:arn": queue}}


async def _ask(ctx: Context, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return await ctx.call("kms", operation, request, as_caller=True)
    except AWSError as error:
        raise errors.of_kms(error) from error
