"""Writers: each makes random changes, one after the other, to things that are its own, and knows afterwards what has to be there.

`step` makes a change or raises Gone. After a restart, `settle` finds out how the change ended that was under way, and brings it to its end
where AWS lets a client do that. `verify` raises Broken unless everything is as it was acknowledged; `at_rest` is verified
when the clock was moved, so that everything has happened that was due.
"""

from __future__ import annotations

import hashlib
import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tests.crash.ledger import Broken, Gone, Ledger, talking

ClientOf = Callable[[str], Any]
Step = Callable[[], None]


class Writer(ABC):
    """`done` counts acknowledged changes."""

    def __init__(self, name: str, client_of: ClientOf, seed: int) -> None:
        self.name = name
        self.random = random.Random(f"{seed} {name}")
        self.done = 0
        self.client_of = client_of
        self.ledger = Ledger(name)
        self.prepare()

    @abstractmethod
    def prepare(self) -> None:
        """Make what is written to."""

    @abstractmethod
    def steps(self) -> list[Step]:
        """What may be done next, some of it several times as likely."""

    def run(self) -> None:
        """Write until the server goes away."""
        try:
            while True:
                self.random.choice(self.steps())()
                self.done += 1
        except Gone:
            return

    def settle(self) -> None:
        self.ledger.resolve(self.look)

    def verify(self) -> None:
        self.ledger.verify(self.look)

    def at_rest(self) -> None:
        self.verify()

    def look(self, key: Any) -> Any:
        raise NotImplementedError


# -- S3

BUCKET = "crash"
VERSIONED = "crash-versions"
# in the record, in a row of its own, in a blob
_SIZES = (100, 9_000, 70_000, 300_000)


def make_buckets(client_of: ClientOf) -> None:
    s3 = client_of("s3")
    for bucket in (BUCKET, VERSIONED):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=VERSIONED, VersioningConfiguration={"Status": "Enabled"})


class Objects(Writer):
    """Puts, overwrites, copies, deletes and multipart uploads. A value is (size, MD5)."""

    def prepare(self) -> None:
        self.s3 = self.client_of("s3")
        self.keys = [f"{self.name}/{number}" for number in range(8)]

    def steps(self) -> list[Step]:
        there = [key for key, value in self.ledger.values.items() if value is not None]
        steps = [self.put, self.put, self.put, self.upload]
        return [*steps, self.delete, self.copy] if there else steps

    def bytes(self) -> tuple[bytes, tuple[int, str]]:
        size = self.random.choice(_SIZES)
        body = self.random.randbytes(size)
        return body, (size, hashlib.md5(body).hexdigest())

    def there(self) -> str:
        return self.random.choice([key for key, value in self.ledger.values.items() if value is not None])

    def put(self) -> None:
        key = self.random.choice(self.keys)
        body, value = self.bytes()
        with self.ledger.change({key: value}):
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def delete(self) -> None:
        key = self.there()
        with self.ledger.change({key: None}):
            self.s3.delete_object(Bucket=BUCKET, Key=key)

    def copy(self) -> None:
        source, key = self.there(), f"{self.name}/copy-{self.random.randrange(3)}"
        if source == key:
            return
        with self.ledger.change({key: self.ledger.values[source]}):
            self.s3.copy_object(Bucket=BUCKET, Key=key, CopySource={"Bucket": BUCKET, "Key": source})

    def upload(self) -> None:
        """In parts, one of them sent twice."""
        key = self.random.choice(self.keys)
        body, value = self.bytes()
        with self.ledger.change({key: value}):
            where = {"Bucket": BUCKET, "Key": key}
            where["UploadId"] = self.s3.create_multipart_upload(**where)["UploadId"]
            self.s3.upload_part(**where, PartNumber=1, Body=b"another" * 9000)
            etag = self.s3.upload_part(**where, PartNumber=1, Body=body)["ETag"]
            parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
            self.s3.complete_multipart_upload(**where, MultipartUpload=parts)

    def look(self, key: str) -> tuple[int, str] | None:
        try:
            body = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        return len(body), hashlib.md5(body).hexdigest()


class Versions(Writer):
    """Writes one key of a versioned bucket: every version that was acknowledged stays. A key of the ledger is a version id."""

    def prepare(self) -> None:
        self.s3 = self.client_of("s3")
        self.extra = 0

    def steps(self) -> list[Step]:
        return [self.put]

    def put(self) -> None:
        body = self.random.randbytes(self.random.choice(_SIZES))
        self.extra += 1
        with talking():
            version = self.s3.put_object(Bucket=VERSIONED, Key=self.name, Body=body)["VersionId"]
        self.extra -= 1
        self.ledger.values[version] = hashlib.md5(body).hexdigest()

    def settle(self) -> None:
        """Every put of unknown outcome may have left a version."""

    def verify(self) -> None:
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=VERSIONED, Prefix=self.name)
        found = {entry["VersionId"]: entry["ETag"].strip('"') for page in pages for entry in page.get("Versions", [])}
        lost = self.ledger.values.items() - found.items()
        if lost or len(found) > len(self.ledger.values) + self.extra:
            raise Broken(f"{self.name}: lost {lost}, {len(found)} of {len(self.ledger.values)} + {self.extra} versions")
        for version in self.random.sample(sorted(found), min(20, len(found))):
            body = self.s3.get_object(Bucket=VERSIONED, Key=self.name, VersionId=version)["Body"].read()
            if hashlib.md5(body).hexdigest() != found[version]:
                raise Broken(f"{self.name}: version {version} has other bytes")


# -- DynamoDB

TABLE = "crash"
COUNTER = "counter"


def make_table(client_of: ClientOf) -> None:
    dynamodb = client_of("dynamodb")
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    dynamodb.update_time_to_live(TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    dynamodb.put_item(TableName=TABLE, Item={"id": {"S": COUNTER}, "n": {"N": "0"}})


class Items(Writer):
    """Puts, conditional updates, deletes, and transactions over two items. A value is the item's number."""

    def prepare(self) -> None:
        self.dynamodb = self.client_of("dynamodb")
        self.keys = [f"{self.name}-{number}" for number in range(10)]
        self.number = 0

    def steps(self) -> list[Step]:
        there = [key for key, value in self.ledger.values.items() if value is not None]
        steps = [self.put, self.put, self.together]
        return [*steps, self.update, self.update, self.delete] if there else steps

    def item(self, key: str, number: int) -> dict[str, Any]:
        return {"id": {"S": key}, "n": {"N": str(number)}, "body": {"B": self.random.randbytes(300)}}

    def next(self) -> int:
        self.number += 1
        return self.number

    def there(self) -> str:
        return self.random.choice([key for key, value in self.ledger.values.items() if value is not None])

    def put(self) -> None:
        key, number = self.random.choice(self.keys), self.next()
        with self.ledger.change({key: number}):
            self.dynamodb.put_item(TableName=TABLE, Item=self.item(key, number))

    def update(self) -> None:
        key, number = self.there(), self.next()
        with self.ledger.change({key: number}):
            self.dynamodb.update_item(
                TableName=TABLE,
                Key={"id": {"S": key}},
                UpdateExpression="SET n = :new",
                ConditionExpression="n = :old",
                ExpressionAttributeValues={
                    ":new": {"N": str(number)},
                    ":old": {"N": str(self.ledger.values[key])},
                },
            )

    def delete(self) -> None:
        key = self.there()
        with self.ledger.change({key: None}):
            self.dynamodb.delete_item(TableName=TABLE, Key={"id": {"S": key}})

    def together(self) -> None:
        changes = {key: self.next() for key in self.random.sample(self.keys, 2)}
        puts = [{"Put": {"TableName": TABLE, "Item": self.item(key, number)}} for key, number in changes.items()]
        with self.ledger.change(changes):
            self.dynamodb.transact_write_items(TransactItems=puts)

    def look(self, key: str) -> int | None:
        found = self.dynamodb.get_item(TableName=TABLE, Key={"id": {"S": key}}, ConsistentRead=True).get("Item")
        return int(found["n"]["N"]) if found else None


class Counter(Writer):
    """Counts on one item that all counters share, with a token each time: what is tried again counts once."""

    def prepare(self) -> None:
        self.dynamodb = self.client_of("dynamodb")
        self.counted = 0
        self.token = ""

    def steps(self) -> list[Step]:
        return [self.count]

    def count(self) -> None:
        self.token = f"{self.name}-{self.counted}"
        self.send()

    def send(self) -> None:
        update = {
            "TableName": TABLE,
            "Key": {"id": {"S": COUNTER}},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
        with talking():
            self.dynamodb.transact_write_items(TransactItems=[{"Update": update}], ClientRequestToken=self.token)
        self.counted += 1
        self.token = ""

    def settle(self) -> None:
        if self.token:
            self.send()

    def verify(self) -> None:
        """`verify_counters` looks at all of them together."""


def verify_counters(counters: list[Counter]) -> None:
    expected = sum(counter.counted for counter in counters)
    item = counters[0].dynamodb.get_item(TableName=TABLE, Key={"id": {"S": COUNTER}}, ConsistentRead=True)["Item"]
    if int(item["n"]["N"]) != expected:
        raise Broken(f"counted {item['n']['N']}, acknowledged were {expected}")


class Expiring(Writer):
    """Items that expire within minutes: a task each, which happens once the clock has passed it."""

    def prepare(self) -> None:
        self.dynamodb = self.client_of("dynamodb")
        self.number = 0
        self.base = int(self.client_of("clock")())

    def steps(self) -> list[Step]:
        return [self.put]

    def put(self) -> None:
        self.number += 1
        expires = self.base + self.random.randrange(600, 3000)
        item = {"id": {"S": f"{self.name}-{self.number}"}, "expires": {"N": str(expires)}}
        with talking():
            self.dynamodb.put_item(TableName=TABLE, Item=item)
        self.ledger.values[item["id"]["S"]] = True

    def settle(self) -> None:
        """A put of unknown outcome leaves at most an item that expires, too."""

    def verify(self) -> None:
        for key in self.random.sample(sorted(self.ledger.values), min(10, len(self.ledger.values))):
            if not self.look(key):
                raise Broken(f"{self.name}: {key} is lost")

    def at_rest(self) -> None:
        left = [key for key in self.ledger.values if self.look(key)]
        if left:
            raise Broken(f"{self.name}: {left[:3]} should have expired")
        self.ledger.values.clear()
        self.base = int(self.client_of("clock")())

    def look(self, key: str) -> bool:
        return "Item" in self.dynamodb.get_item(TableName=TABLE, Key={"id": {"S": key}}, ConsistentRead=True)


# -- SQS


class Messages(Writer):
    """A standard queue: sends at once and delayed, receives and deletes. The ledger has the messages that must be there."""

    delays = (0, 0, 0, 300)

    def prepare(self) -> None:
        self.sqs = self.client_of("sqs")
        self.url = self.sqs.create_queue(QueueName=self.queue_name(), Attributes=self.attributes())["QueueUrl"]
        self.number = 0
        self.there: set[str] = set()
        self.maybe: set[str] = set()

    def queue_name(self) -> str:
        return self.name

    def attributes(self) -> dict[str, str]:
        return {"VisibilityTimeout": "60"}

    def steps(self) -> list[Step]:
        return [self.send, self.send, self.take] if len(self.there) < 500 else [self.take]

    def send(self) -> None:
        self.number += 1
        body = f"{self.name}-{self.number}"
        self.maybe.add(body)
        with talking():
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body, DelaySeconds=self.random.choice(self.delays))
        self.maybe.discard(body)
        self.there.add(body)

    def take(self) -> None:
        """Receive, and delete some; the others come back."""
        with talking():
            found = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=5).get("Messages", [])
        for message in found[: self.random.randrange(6)]:
            self.delete(message)

    def delete(self, message: dict[str, Any]) -> None:
        body = message["Body"]
        if body not in self.there | self.maybe:
            raise Broken(f"{self.name}: {body} was deleted, or never sent")
        self.there.discard(body)
        self.maybe.add(body)
        with talking():
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        self.maybe.discard(body)

    def settle(self) -> None:
        """What became of the last message is seen when all of them are received."""

    def verify(self) -> None:
        """Only at rest can all messages be received."""

    def at_rest(self) -> None:
        found = [message["Body"] for message in self.drain()]
        if len(found) != len(set(found)):
            raise Broken(f"{self.name}: a message came twice")
        lost, invented = self.there - set(found), set(found) - self.there - self.maybe
        if lost or invented:
            raise Broken(f"{self.name}: lost {sorted(lost)[:3]}, invented {sorted(invented)[:3]}")
        self.there.clear()
        self.maybe.clear()

    def drain(self) -> list[dict[str, Any]]:
        """Receive and delete everything, in order."""
        out: list[dict[str, Any]] = []
        while found := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            out += found
            entries = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(found)]
            self.sqs.delete_message_batch(QueueUrl=self.url, Entries=entries)
        return out


class Ordered(Messages):
    """A FIFO queue: what is sent again with the same deduplication id is there once, and everything in its order."""

    def queue_name(self) -> str:
        return f"{self.name}.fifo"

    def attributes(self) -> dict[str, str]:
        return {"FifoQueue": "true", "VisibilityTimeout": "60"}

    def prepare(self) -> None:
        super().prepare()
        self.unsure = ""

    def send(self) -> None:
        self.number += 1
        self.unsure = f"{self.number:06}"
        self.resend()

    def resend(self) -> None:
        body = self.unsure
        with talking():
            self.sqs.send_message(
                QueueUrl=self.url, MessageBody=body, MessageGroupId="group", MessageDeduplicationId=body
            )
        self.unsure = ""
        self.there.add(body)

    def settle(self) -> None:
        if self.unsure:
            self.resend()

    def drain(self) -> list[dict[str, Any]]:
        found = super().drain()
        bodies = [message["Body"] for message in found]
        if bodies != sorted(bodies):
            raise Broken(f"{self.name}: out of order: {bodies}")
        return found
