"""Reading an SQS queue: batches are gathered, handled in parallel, and deleted when they have been handled.

What fails stays in the queue, and comes again when its visibility timeout is over; so the queue's redrive policy counts its receives.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from fogbank.consumers.settings import BATCH_BYTES, Batch, Handle, Passes, Records, Settings, let_all
from fogbank.kernel import AWSError, Context

log = logging.getLogger("fogbank.consumers")

_RECEIVED = 10
_POLL_SECONDS = 20
# A queue that cannot be read, and a handler that is throttled, are left alone for this long (seconds, growing).
_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_USUAL_VISIBILITY = 30


class QueueConsumer:
    """`scope` is the context of the queue's account and region; its principal reads the queue."""

    def __init__(self, scope: Context, arn: str, settings: Settings, handle: Handle, passes: Passes = let_all) -> None:
        self._scope = scope
        self._arn = arn
        self._settings = settings
        self._handle = handle
        self._passes = passes
        self._working: set[asyncio.Task[None]] = set()
        self._url = f"{scope.endpoint}/{arn.split(':')[4]}/{arn.rpartition(':')[2]}"

    async def run(self) -> None:
        """Go on until cancelled."""
        pause = _PAUSE
        try:
            while True:
                if len(self._working) >= self._settings.concurrency:
                    await asyncio.wait(self._working, return_when=asyncio.FIRST_COMPLETED)
                    continue
                try:
                    messages = await self._gather()
                    pause = _PAUSE
                except AWSError as error:  # the queue is gone, or closed to us: perhaps it comes back
                    log.info("cannot read %s: %s", self._arn, error)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE)
                    continue
                if messages:
                    self._begin(messages)
        finally:
            self._leave()

    def _leave(self) -> None:
        """What has been begun is finished, like any request: else its messages would be handled twice."""
        requests = self._scope.app.requests
        requests.update(self._working)
        for work in self._working:
            work.add_done_callback(requests.discard)

    # -- gathering

    async def _gather(self) -> Records:
        """The next batch: what is there now, or what comes while the batching window is open."""
        size = self._settings.batch_size
        found = await self._receive(min(size, _RECEIVED), _POLL_SECONDS)
        end = self._scope.now() + self._settings.window
        while found and len(found) < size and sum(_cost(message) for message in found) < BATCH_BYTES:
            left = end - self._scope.now()
            more = await self._receive(min(size - len(found), _RECEIVED), max(0, min(int(left + 0.999), _POLL_SECONDS)))
            if not more and left <= 0:
                break
            found += more
        return found

    async def _receive(self, most: int, wait: int) -> Records:
        request = {
            "QueueUrl": self._url,
            "MaxNumberOfMessages": most,
            "WaitTimeSeconds": wait,
            "MessageAttributeNames": ["All"],
            "MessageSystemAttributeNames": ["All"],
        }
        answer = await self._scope.at().call("sqs", "ReceiveMessage", request, as_caller=True)
        return answer.get("Messages") or []

    # -- handling

    def _begin(self, messages: Records) -> None:
        work = asyncio.get_running_loop().create_task(self._work(messages))
        self._working.add(work)
        work.add_done_callback(self._working.discard)

    async def _work(self, messages: Records) -> None:
        records = [self._record(message) for message in messages]
        wanted = [record for record in records if self._passes(record)]
        done = {record["messageId"] for record in records} - {record["messageId"] for record in wanted}
        if wanted:
            done |= await self._handled(wanted)
        await self._delete([message for message in messages if message["MessageId"] in done])

    async def _handled(self, records: Records) -> set[str]:
        """The ids of those that were handled. A throttled handler is asked again, as long as the messages are ours."""
        pause, end = _PAUSE, self._scope.now()
        verdict = await self._handle(Batch(records))
        if verdict.is_throttled:
            end += await self._visibility()
        while verdict.is_throttled and self._scope.now() + pause < end:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            verdict = await self._handle(Batch(records))
        if verdict.error or verdict.is_throttled:
            return set()
        return {record["messageId"] for record in records} - set(verdict.failed)

    async def _visibility(self) -> int:
        """For how many seconds nobody else gets a message that was received."""
        request = {"QueueUrl": self._url, "AttributeNames": ["VisibilityTimeout"]}
        try:
            return int((await self._call("GetQueueAttributes", request))["Attributes"]["VisibilityTimeout"])
        except AWSError:  # the role may not ask
            return _USUAL_VISIBILITY

    async def _delete(self, messages: Records) -> None:
        for start in range(0, len(messages), _RECEIVED):
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages[start : start + _RECEIVED])
            ]
            request = {"QueueUrl": self._url, "Entries": entries}
            try:
                await self._call("DeleteMessageBatch", request)
            except AWSError:
                return  # they come again

    async def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        scope = self._scope.at()  # batches are handled in parallel: each has a context of its own

        async def work() -> dict[str, Any]:
            return await scope.call("sqs", operation, request, as_caller=True)

        return await scope.transact(work)

    def _record(self, message: dict[str, Any]) -> dict[str, Any]:
        """https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes") or {},
            "messageAttributes": {
                name: _attribute(value) for name, value in (message.get("MessageAttributes") or {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": self._arn.split(":")[3],
        }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    from base64 import b64encode

    shown: dict[str, Any] = {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
    if value.get("StringValue") is not None:
        shown["stringValue"] = value["StringValue"]
    if value.get("BinaryValue") is not None:
        shown["binaryValue"] = b64encode(value["BinaryValue"]).decode()
    return shown


def _cost(message: dict[str, Any]) -> int:
    return len(message["Body"]) + 1024
