"""How long requests take as the state grows: points, queries and lists in one table, bucket and queue of any size, and starts."""

from __future__ import annotations

import argparse
import itertools
import json
import random
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.wire import ACCOUNT, Connection, Figures, Signer, measure, pour
from fogbank.testing import ServerProcess

_DATA = "x" * 200
# kinds of requests that are made in turn, and what makes them from the answer before
Loads = dict[tuple[str, ...], Callable[[bytes], bytes]]


class Growing(Protocol):
    """Something that is loaded step by step, and measured at each."""

    def create(self) -> bytes: ...

    def grow(self, before: int, size: int) -> Iterator[bytes]: ...

    def loads(self, size: int) -> Loads: ...


class Table:
    """A table with partitions of a thousand items of 200 bytes."""

    def __init__(self, endpoint: str) -> None:
        self.aws = Signer(endpoint.rpartition("/")[2], "dynamodb")

    def call(self, operation: str, **params: Any) -> bytes:
        return self.aws.call(f"DynamoDB_20120810.{operation}", **params)

    def create(self) -> bytes:
        keys = [("pk", "S", "HASH"), ("sk", "N", "RANGE")]
        return self.call(
            "CreateTable",
            TableName="growth",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind, _ in keys],
            KeySchema=[{"AttributeName": name, "KeyType": role} for name, _, role in keys],
        )

    def key(self, number: int) -> dict[str, Any]:
        return {"pk": {"S": f"p{number // 1000:06}"}, "sk": {"N": str(number % 1000)}}

    def item(self, number: int) -> dict[str, Any]:
        return {**self.key(number), "data": {"S": _DATA}}

    def grow(self, before: int, size: int) -> Iterator[bytes]:
        for start in range(before, size, 25):
            puts = [{"PutRequest": {"Item": self.item(number)}} for number in range(start, min(start + 25, size))]
            yield self.call("BatchWriteItem", RequestItems={"growth": puts})

    def loads(self, size: int) -> Loads:
        some = random.Random(size).randrange
        return {
            ("GetItem",): lambda _: self.call("GetItem", TableName="growth", Key=self.key(some(size))),
            ("PutItem",): lambda _: self.call("PutItem", TableName="growth", Item=self.item(some(size))),
            ("Query of 100 items",): lambda _: self.call(
                "Query",
                TableName="growth",
                KeyConditionExpression="pk = :p",
                ExpressionAttributeValues={":p": self.key(some(size))["pk"]},
                Limit=100,
            ),
        }


class Bucket:
    """A bucket with objects of 200 bytes."""

    def __init__(self, endpoint: str) -> None:
        self.aws = Signer(endpoint.rpartition("/")[2], "s3")

    def create(self) -> bytes:
        return self.aws.request("PUT", "/growth")

    def put(self, number: int) -> bytes:
        return self.aws.request("PUT", f"/growth/{number:08}", _DATA.encode())

    def grow(self, before: int, size: int) -> Iterator[bytes]:
        return map(self.put, range(before, size))

    def loads(self, size: int) -> Loads:
        some = random.Random(size).randrange

        def page(_: bytes) -> bytes:
            query = f"list-type=2&max-keys=1000&start-after={some(max(size - 1000, 1)):08}"
            return self.aws.request("GET", "/growth", query=query)

        return {
            ("GetObject",): lambda _: self.aws.request("GET", f"/growth/{some(size):08}"),
            ("PutObject",): lambda _: self.put(some(size)),
            ("ListObjectsV2 of 1,000 keys",): page,
        }


class Queue:
    """A queue with messages of 200 bytes that nobody has received."""

    name = "backlog"

    def __init__(self, endpoint: str) -> None:
        self.aws = Signer(endpoint.rpartition("/")[2], "sqs")
        self.url = f"{endpoint}/{ACCOUNT}/{self.name}"
        self.turns = itertools.cycle((self._receive, self._delete, self._send))

    def call(self, operation: str, **params: Any) -> bytes:
        return self.aws.call(f"AmazonSQS.{operation}", **params)

    def create(self) -> bytes:
        return self.call("CreateQueue", QueueName=self.name, Attributes={"VisibilityTimeout": "43200"})

    def grow(self, before: int, size: int) -> Iterator[bytes]:
        for start in range(before, size, 10):
            entries = [{"Id": str(number), "MessageBody": _DATA} for number in range(start, min(start + 10, size))]
            yield self.call("SendMessageBatch", QueueUrl=self.url, Entries=entries)

    def loads(self, size: int) -> Loads:
        return {
            ("GetQueueAttributes",): self._count,
            ("ReceiveMessage", "DeleteMessage", "SendMessage"): lambda answer: next(self.turns)(answer),
        }

    def _count(self, _: bytes) -> bytes:
        return self.call("GetQueueAttributes", QueueUrl=self.url, AttributeNames=["All"])

    def _receive(self, _: bytes) -> bytes:
        return self.call("ReceiveMessage", QueueUrl=self.url)

    def _delete(self, answer: bytes) -> bytes:
        (message,) = json.loads(answer)["Messages"]
        return self.call("DeleteMessage", QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def _send(self, _: bytes) -> bytes:
        return self.call("SendMessage", QueueUrl=self.url, MessageBody=_DATA)


class Flight(Queue):
    """A queue with messages that were received and not deleted, and a hundred others."""

    name = "flight"

    def grow(self, before: int, size: int) -> Iterator[bytes]:
        yield from super().grow(before - 100 if before == 0 else before, size)
        for _ in range(before, size, 10):
            yield self.call("ReceiveMessage", QueueUrl=self.url, MaxNumberOfMessages=10)


class Bench:
    """A server, and what was measured of it, by kind, request and size."""

    def __init__(self, server: ServerProcess, seconds: float) -> None:
        self.server = server
        self.seconds = seconds
        self.results: dict[str, dict[str, dict[int, Figures]]] = {}

    def run(self, kind: str, sizes: list[int]) -> None:
        growing = KINDS[kind](self.server.endpoint)
        host, port = self.server.endpoint.rpartition("/")[2].rsplit(":", 1)
        address = host, int(port)
        pour(address, [growing.create()])
        for before, size in itertools.pairwise([0, *sizes]):
            began = time.perf_counter()
            pour(address, growing.grow(before, size))
            print(f"{kind}: {size:,} after {time.perf_counter() - began:.0f} s", flush=True)
            connection = Connection(address)  # an idle one would not have lasted through the loading
            for names, make in growing.loads(size).items():
                measured = measure(self.server.endpoint, connection, make, self.seconds, len(names))
                for name, figures in zip(names, measured, strict=True):
                    self._note(kind, name, size, figures)
            connection.socket.close()

    def _note(self, kind: str, name: str, size: int, figures: Figures) -> None:
        self.results.setdefault(kind, {}).setdefault(name, {})[size] = figures
        print(f"  {name:28} {figures.median:8.3f} ms  p99 {figures.p99:8.3f} ms  CPU {figures.cpu:6.0f} us", flush=True)

    def starts(self) -> None:
        """How long it takes until the first answer, after a stop and after a kill."""
        size = sum(file.stat().st_size for file in Path(self.server.data_dir).rglob("*") if file.is_file()) / 1e6
        for how, end in (("stopped", self.server.stop), ("killed", self.server.kill)):
            end()
            began = time.perf_counter()
            self.server.start()
            with urllib.request.urlopen(self.server.endpoint + "/_fogbank/health"):
                print(f"start with {size:,.0f} MB, {how} before: {time.perf_counter() - began:.2f} s", flush=True)


def tables(results: dict[str, dict[str, dict[int, Figures]]]) -> Iterator[str]:
    """Markdown: by size, and how much more it is at the largest size than at the smallest."""
    for kind, rows in results.items():
        sizes = sorted(next(iter(rows.values())))
        yield f"\n| {kind}: median ms, p99 ms, CPU us | " + " | ".join(f"{size:,}" for size in sizes) + " | growth |"
        yield "|---|" + "---|" * (len(sizes) + 1)
        for name, row in rows.items():
            cells = " | ".join(f"{row[size].median:.2f}, {row[size].p99:.1f}, {row[size].cpu:.0f}" for size in sizes)
            first, last = row[sizes[0]], row[sizes[-1]]
            yield f"| {name} | {cells} | {last.median / first.median:.1f}, CPU {last.cpu / first.cpu:.1f} |"


KINDS: dict[str, Callable[[str], Growing]] = {"dynamodb": Table, "s3": Bucket, "sqs": Queue, "sqs-in-flight": Flight}
_SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
# what may be in flight at most is not much more than that
_MOST = {"sqs-in-flight": 100_000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=1_000_000, help="the largest size; sizes grow tenfold from 1,000")
    parser.add_argument("--only", default=",".join(KINDS), help=f"some of {','.join(KINDS)}")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each request is measured")
    parser.add_argument("--directory", help="where the state is kept meanwhile (2 GB for a million of each)")
    parser.add_argument("options", nargs="*", help="further options of `fogbank start`, after --")
    chosen = parser.parse_args()
    directory = tempfile.mkdtemp(prefix="fogbank-growth-", dir=chosen.directory)
    try:
        with ServerProcess(directory, *chosen.options) as server:
            bench = Bench(server, chosen.seconds)
            bench.starts()
            for kind in chosen.only.split(","):
                first = [10] if kind.startswith("sqs") else []
                most = min(chosen.scale, _MOST.get(kind, chosen.scale))
                bench.run(kind, first + [size for size in _SIZES if size <= most])
            bench.starts()
            print("\n".join(tables(bench.results)))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
