"""Kinesis streams and DynamoDB streams behind one face: their shards, and the records of a shard in the form of an event."""

from __future__ import annotations

from abc import ABC, abstractmethod
from base64 import b64encode
from typing import Any, NamedTuple

from fogbank.kernel import AWSError, Context

Answer = dict[str, Any]


class Shard(NamedTuple):
    id: str
    parents: tuple[str, ...]


class Item(NamedTuple):
    """A record. `key` is what its order is kept by, `at` when it came (epoch seconds)."""

    sequence: str
    key: str
    at: float
    record: dict[str, Any]


class Page(NamedTuple):
    """`iterator` is where to go on, None when the shard has ended."""

    items: list[Item]
    iterator: str | None


class Stream(ABC):
    """A stream as its readers see it. `scope`'s principal reads it. Methods are not called in a transaction."""

    def __init__(self, scope: Context, arn: str) -> None:
        self.scope = scope
        self.arn = arn
        self.region = arn.split(":")[3]

    @property
    @abstractmethod
    def topic(self) -> tuple[str, ...]:
        """What is notified when there are new records."""

    @abstractmethod
    async def shards(self) -> list[Shard]: ...

    @abstractmethod
    async def iterator(self, shard: str, kind: str, sequence: str = "", at: float | None = None) -> str: ...

    @abstractmethod
    async def since(self, shard: str, at: float) -> str:
        """An iterator with all that came since then, and perhaps more."""

    @abstractmethod
    async def read(self, shard: str, iterator: str, limit: int) -> Page: ...

    async def call(self, service: str, operation: str, request: Answer) -> Answer:
        scope = self.scope.at()  # shards are read in parallel: each question has a context of its own

        async def work() -> Answer:
            return await scope.call(service, operation, request, as_caller=True)

        return await scope.transact(work)


class KinesisStream(Stream):
    @property
    def topic(self) -> tuple[str, ...]:
        return "kinesis", self.arn

    async def shards(self) -> list[Shard]:
        found: list[Shard] = []
        request: Answer = {"StreamARN": self.arn}
        while True:
            answer = await self.call("kinesis", "ListShards", request)
            found += [
                Shard(
                    each["ShardId"], tuple(filter(None, (each.get("ParentShardId"), each.get("AdjacentParentShardId"))))
                )
                for each in answer["Shards"]
            ]
            if answer.get("NextToken") is None:
                return found
            request = {"NextToken": answer["NextToken"]}

    async def iterator(self, shard: str, kind: str, sequence: str = "", at: float | None = None) -> str:
        request: Answer = {"StreamARN": self.arn, "ShardId": shard, "ShardIteratorType": kind}
        if sequence:
            request["StartingSequenceNumber"] = sequence
        if at is not None and kind == "AT_TIMESTAMP":
            request["Timestamp"] = at
        return str((await self.call("kinesis", "GetShardIterator", request))["ShardIterator"])

    async def since(self, shard: str, at: float) -> str:
        return await self.iterator(shard, "AT_TIMESTAMP", at=at)

    async def read(self, shard: str, iterator: str, limit: int) -> Page:
        answer = await self.call("kinesis", "GetRecords", {"ShardIterator": iterator, "Limit": limit})
        items = [self._item(shard, each) for each in answer["Records"]]
        return Page(items, answer.get("NextShardIterator"))

    def _item(self, shard: str, record: Answer) -> Item:
        """https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html"""
        number, at = record["SequenceNumber"], record["ApproximateArrivalTimestamp"]
        document = {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record["PartitionKey"],
                "sequenceNumber": number,
                "data": b64encode(record["Data"]).decode(),
                "approximateArrivalTimestamp": at,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard}:{number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": self.scope.principal.policy_arn,
            "awsRegion": self.region,
            "eventSourceARN": self.arn,
        }
        return Item(number, record["PartitionKey"], at, document)


class TableStream(Stream):
    """A DynamoDB stream."""

    @property
    def topic(self) -> tuple[str, ...]:
        return "dynamodb-stream", self.arn

    async def shards(self) -> list[Shard]:
        found: list[Shard] = []
        request: Answer = {"StreamArn": self.arn}
        while True:
            answer = (await self.call("dynamodbstreams", "DescribeStream", request))["StreamDescription"]
            found += [
                Shard(each["ShardId"], tuple(filter(None, (each.get("ParentShardId"),)))) for each in answer["Shards"]
            ]
            if answer.get("LastEvaluatedShardId") is None:
                return found
            request["ExclusiveStartShardId"] = answer["LastEvaluatedShardId"]

    async def iterator(self, shard: str, kind: str, sequence: str = "", at: float | None = None) -> str:
        request: Answer = {"StreamArn": self.arn, "ShardId": shard, "ShardIteratorType": kind}
        if sequence:
            request["SequenceNumber"] = sequence
        try:
            return str((await self.call("dynamodbstreams", "GetShardIterator", request))["ShardIterator"])
        except AWSError as error:
            if error.code != "TrimmedDataAccessException":
                raise
            return await self.iterator(shard, "TRIM_HORIZON")  # what is left

    async def since(self, shard: str, at: float) -> str:
        return await self.iterator(shard, "TRIM_HORIZON")

    async def read(self, shard: str, iterator: str, limit: int) -> Page:
        answer = await self.call(
            "dynamodbstreams", "GetRecords", {"ShardIterator": iterator, "Limit": min(limit, 1000)}
        )
        items = [self._item(each) for each in answer["Records"]]
        return Page(items, answer.get("NextShardIterator"))

    def _item(self, record: Answer) -> Item:
        """https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html"""
        change = record["dynamodb"]
        at = float(change["ApproximateCreationDateTime"])
        document = {**record, "eventSourceARN": self.arn}
        if identity := record.get("userIdentity"):
            document["userIdentity"] = {name[0].lower() + name[1:]: value for name, value in identity.items()}
        return Item(change["SequenceNumber"], str(change["Keys"]), at, document)


def stream_of(scope: Context, arn: str) -> Stream:
    return KinesisStream(scope, arn) if arn.split(":")[2] == "kinesis" else TableStream(scope, arn)
