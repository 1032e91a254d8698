"""Clients of DynamoDB that nobody here wrote: boto3's resources, PynamoDB, and the document client of the AWS SDK for JavaScript.

The last one needs node, and its packages in `~/.cache/fogbank-clients` (or FOGBANK_CLIENTS_CACHE):

    npm install --prefix ~/.cache/fogbank-clients/dynamodb @aws-sdk/client-dynamodb@3 @aws-sdk/lib-dynamodb@3
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError


@pytest.fixture
def resource(aws):
    keys = {"aws_access_key_id": aws.account, "aws_secret_access_key": "test", "region_name": "us-east-1"}
    return boto3.resource("dynamodb", endpoint_url=aws.endpoint, **keys)


@pytest.fixture
def songs(resource):
    """A table of artists' songs, by boto3's resource."""
    table = resource.create_table(
        TableName="songs",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "artist", "KeyType": "HASH"}, {"AttributeName": "number", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "artist", "AttributeType": "S"},
            {"AttributeName": "number", "AttributeType": "N"},
        ],
    )
    waiter = resource.meta.client.get_waiter("table_exists")
    waiter.wait(TableName="songs", WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500})
    return table


def test_a_batch_writer_writes_more_than_one_batch(songs):
    with songs.batch_writer(overwrite_by_pkeys=["artist", "number"]) as batch:
        for number in range(60):
            batch.put_item({"artist": "Fog", "number": number % 50, "rating": Decimal("1.5") * number})
        batch.delete_item({"artist": "Fog", "number": 0})
    found = songs.query(KeyConditionExpression=Key("artist").eq("Fog") & Key("number").between(0, 5))
    assert [item["number"] for item in found["Items"]] == [1, 2, 3, 4, 5]
    assert songs.scan(Select="COUNT")["Count"] == 49


def test_conditions_of_the_resource_select(songs):
    for number, tags in enumerate([{"a"}, {"a", "b"}, {"c"}]):
        songs.put_item(Item={"artist": "Fog", "number": number, "tags": tags, "about": {"title": f"song {number}"}})
    wanted = Attr("tags").contains("a") & Attr("about.title").begins_with("song") & ~Attr("number").eq(0)
    with pytest.raises(ClientError, match="primary key attribute"):
        songs.query(KeyConditionExpression=Key("artist").eq("Fog"), FilterExpression=wanted)
    assert [item["number"] for item in songs.scan(FilterExpression=wanted)["Items"]] == [1]
    either = Attr("tags").size().gt(1) | Attr("about.title").is_in(["song 2"])
    assert [item["number"] for item in songs.scan(FilterExpression=either)["Items"]] == [1, 2]


def test_a_condition_that_fails_raises(songs):
    songs.put_item(Item={"artist": "Fog", "number": 1})
    with pytest.raises(songs.meta.client.exceptions.ConditionalCheckFailedException):
        songs.put_item(Item={"artist": "Fog", "number": 1}, ConditionExpression=Attr("artist").not_exists())


def test_values_of_all_types_come_back_from_the_resource(songs):
    item = {
        "artist": "Fog",
        "number": 1,
        "list": [None, True, {"deep": [Decimal("-1.25E+20")]}],
        "sets": {"text": {"a"}, "number": {Decimal(1)}},
    }
    songs.put_item(Item=item)
    assert songs.get_item(Key={"artist": "Fog", "number": 1})["Item"] == item


@pytest.fixture
def thread(aws):
    """A model of PynamoDB, with its table and an index."""
    pytest.importorskip("pynamodb")
    from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
    from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
    from pynamodb.models import Model

    class ByViews(GlobalSecondaryIndex):
        class Meta:
            index_name = "by-views"
            projection = AllProjection()

        forum = UnicodeAttribute(hash_key=True)
        views = NumberAttribute(range_key=True)

    class Thread(Model):
        class Meta:
            table_name = "threads"
            host = aws.endpoint
            region = "us-east-1"
            aws_access_key_id = aws.account
            aws_secret_access_key = "test"
            billing_mode = "PAY_PER_REQUEST"

        forum = UnicodeAttribute(hash_key=True)
        subject = UnicodeAttribute(range_key=True)
        views = NumberAttribute(default=0)
        tags = UnicodeSetAttribute(null=True)
        more = JSONAttribute(null=True)
        by_views = ByViews()

    Thread.create_table(wait=False)
    waiter = aws("dynamodb").get_waiter("table_exists")
    waiter.wait(TableName="threads", WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500})
    return Thread


def test_pynamodb_saves_gets_and_deletes(thread):
    thread("python", "a", views=3, tags={"x"}, more={"a": [1]}).save()
    found = thread.get("python", "a")
    assert (found.views, found.tags, found.more) == (3, {"x"}, {"a": [1]})
    found.delete()
    with pytest.raises(thread.DoesNotExist):
        thread.get("python", "a")


def test_pynamodb_updates_under_conditions(thread):
    from pynamodb.exceptions import UpdateError

    row = thread("python", "a", views=1)
    row.save(condition=thread.forum.does_not_exist())
    row.update(actions=[thread.views.add(2), thread.tags.set({"new"})], condition=thread.views == 1)
    assert (row.views, row.tags) == (3, {"new"})
    with pytest.raises(UpdateError):
        row.update(actions=[thread.views.set(0)], condition=thread.views > 5)


def test_pynamodb_queries_batches_and_indexes(thread):
    with thread.batch_write() as batch:
        for number in range(40):
            batch.save(thread("python", f"subject {number:02}", views=number))
    assert thread.count("python", thread.subject.startswith("subject 1")) == 10
    most = thread.by_views.query("python", thread.views >= 38, scan_index_forward=False)
    assert [row.views for row in most] == [39, 38]
    keys = [("python", f"subject {number:02}") for number in range(40)]
    assert len(list(thread.batch_get(keys))) == 40
    assert len(list(thread.scan(thread.views < 10, limit=5, page_size=3))) == 5


def test_pynamodb_transacts(thread, aws):
    from pynamodb.connection import Connection
    from pynamodb.exceptions import TransactWriteError
    from pynamodb.transactions import TransactGet, TransactWrite

    connection = Connection(region="us-east-1", host=aws.endpoint)
    connection.session.set_credentials(aws.account, "test")
    with TransactWrite(connection=connection) as transaction:
        transaction.save(thread("python", "a"))
        transaction.save(thread("python", "b", views=2))
    with TransactGet(connection=connection) as transaction:
        found = transaction.get(thread, "python", "b")
    assert found.get().views == 2
    with pytest.raises(TransactWriteError), TransactWrite(connection=connection) as transaction:
        transaction.delete(thread("python", "a"))
        transaction.condition_check(thread, "python", "b", condition=thread.views == 1)
    assert thread.count("python") == 2


def test_the_document_client_of_javascript(program, prepared, environment, songs):
    modules = prepared("dynamodb/node_modules")
    environment["NODE_PATH"] = str(modules)
    assert program("node", Path(__file__).with_name("dynamodb.cjs")) == "all is well\n"
