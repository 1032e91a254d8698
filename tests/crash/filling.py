"""State to begin with: half of it rows (items of DynamoDB), half blobs (objects of S3)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.crash.writers import BUCKET, TABLE, ClientOf

_ITEM = 30_000
_ITEMS = 10
_BLOB = 100_000
_THREADS = 8


def fill(client_of: ClientOf, megabytes: int) -> None:
    chance = random.Random(0)
    half = megabytes * 500_000
    s3, dynamodb = client_of("s3"), client_of("dynamodb")

    def put_items(number: int) -> None:
        requests = [{"PutRequest": {"Item": item}} for item in _items(chance, number)]
        dynamodb.batch_write_item(RequestItems={TABLE: requests})

    def put_object(number: int) -> None:
        s3.put_object(Bucket=BUCKET, Key=f"filling/{number}", Body=chance.randbytes(_BLOB))

    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(put_items, range(half // (_ITEM * _ITEMS))))
        list(threads.map(put_object, range(half // _BLOB)))


def _items(chance: random.Random, number: int) -> Iterator[dict[str, Any]]:
    for each in range(_ITEMS):
        yield {"id": {"S": f"filling-{number}-{each}"}, "body": {"B": chance.randbytes(_ITEM)}}
