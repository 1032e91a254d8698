"""Records that failed, and what is told of them in the objects under the error prefix. Pure.

https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html#data-transformation-failure-handling
"""

from __future__ import annotations

import base64
from typing import NamedTuple

import orjson

from fogbank.services.firehose.buffers import Item

PROCESSING = "processing-failed"


class Refused(NamedTuple):
    """`function` is the ARN of the one that refused it."""

    item: Item
    code: str
    message: str
    attempts: int = 1
    function: str = ""

    def line(self, now: float) -> bytes:
        told = {
            "attemptsMade": self.attempts,
            "arrivalTimestamp": int(self.item.at * 1000),
            "errorCode": self.code,
            "errorMessage": self.message,
            "attemptEndingTimestamp": int(now * 1000),
            "rawData": base64.b64encode(self.item.data).decode(),
        }
        if self.function:
            told["lambdaArn"] = self.function
        return orjson.dumps(told) + b"\n"


class Processed(NamedTuple):
    """What is to be delivered, and what failed."""

    items: list[Item]
    refused: list[Refused]


class Undelivered(Exception):
    """Nothing of a batch arrived. `code` and `message` are AWS's; `again` says that it may go better later."""

    def __init__(self, code: str, message: str, again: bool = True) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.again = again
