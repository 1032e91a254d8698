"""The data plane, by AWS's own client for Python."""

from __future__ import annotations

import json
import socket

import pytest
from botocore.exceptions import ClientError

from tests.services.dax.conftest import TRUST, allowing


def key(pk, sk="1"):
    return {"pk": {"S": pk}, "sk": {"N": sk}}


def refused(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"]


VALUES = {
    "text": {"S": "é\n"},
    "number": {"N": "-0.000000000000000000001234567890123456789"},
    "large": {"N": "123456789012345678901234567890"},
    "exponent": {"N": "1E+100"},
    "binary": {"B": b"\x00\xff"},
    "nothing": {"NULL": True},
    "no": {"BOOL": False},
    "list": {"L": [{"N": "1"}, {"M": {}}, {"L": []}]},
    "map": {"M": {"a": {"M": {"b": {"S": ""}}}}},
    "texts": {"SS": ["a", "b"]},
    "binaries": {"BS": [b"a", b"b"]},
}


def same(item):
    """Numbers compare as numbers."""
    return {name: float(value["N"]) if "N" in value else value for name, value in item.items()}


def test_values_of_every_type_come_back(fast, ddb, table):
    fast.put_item(TableName=table, Item={**key("a"), **VALUES})
    stored = ddb.get_item(TableName=table, Key=key("a"))["Item"]
    assert same(stored) == same({**key("a"), **VALUES})
    assert same(fast.get_item(TableName=table, Key=key("a"))["Item"]) == same(stored)


@pytest.mark.parametrize(
    "number", ["0", "-1", "1.5", "-999.001", "1000", "1E+120", "-1E-120", "12345678901234567890.5"]
)
def test_sort_keys_are_any_numbers(fast, ddb, table, number):
    fast.put_item(TableName=table, Item={**key("a", number), "v": {"S": number}})
    assert ddb.get_item(TableName=table, Key=key("a", number))["Item"]["v"] == {"S": number}
    (item,) = fast.query(
        TableName=table, KeyConditionExpression="pk = :a", ExpressionAttributeValues={":a": {"S": "a"}}
    )["Items"]
    assert float(item["sk"]["N"]) == float(number)


def test_an_item_stays_as_it_was_read_while_the_table_changes(fast, ddb, table):
    ddb.put_item(TableName=table, Item={**key("a"), "v": {"S": "old"}})
    fast.get_item(TableName=table, Key=key("a"))
    ddb.put_item(TableName=table, Item={**key("a"), "v": {"S": "new"}})
    assert fast.get_item(TableName=table, Key=key("a"))["Item"]["v"] == {"S": "old"}


def test_a_consistent_read_goes_past_the_cache(fast, ddb, table):
    ddb.put_item(TableName=table, Item={**key("a"), "v": {"S": "old"}})
    fast.get_item(TableName=table, Key=key("a"))
    ddb.put_item(TableName=table, Item={**key("a"), "v": {"S": "new"}})
    assert fast.get_item(TableName=table, Key=key("a"), ConsistentRead=True)["Item"]["v"] == {"S": "new"}
    assert fast.get_item(TableName=table, Key=key("a"))["Item"]["v"] == {"S": "old"}


def test_an_item_is_read_again_when_its_time_is_over(fast, ddb, table, clock):
    ddb.put_item(TableName=table, Item={**key("a"), "v": {"S": "old"}})
    fast.get_item(TableName=table, Key=key("a"))
    ddb.put_item(TableName=table, Item={**key("a"), "v": {"S": "new"}})
    clock.advance(seconds=301)
    assert fast.get_item(TableName=table, Key=key("a"))["Item"]["v"] == {"S": "new"}


def test_that_there_is_no_item_is_kept_too(fast, ddb, table):
    assert "Item" not in fast.get_item(TableName=table, Key=key("a"))
    ddb.put_item(TableName=table, Item=key("a"))
    assert "Item" not in fast.get_item(TableName=table, Key=key("a"))


def test_what_is_written_through_the_cache_is_in_it(fast, ddb, table):
    fast.put_item(TableName=table, Item={**key("a"), "v": {"N": "1"}})
    ddb.delete_item(TableName=table, Key=key("a"))
    assert fast.get_item(TableName=table, Key=key("a"))["Item"]["v"] == {"N": "1"}


@pytest.mark.parametrize("values", ["NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"])
def test_an_update_through_the_cache_answers_as_dynamodb_and_is_seen(fast, ddb, table, values):
    update = {
        "UpdateExpression": "SET v = if_not_exists(v, :one) + :one, l = list_append(:l, :l) REMOVE r ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":l": {"L": [{"S": "x"}]}},
        "ReturnValues": values,
    }
    before = {"v": {"N": "1"}, "r": {"S": "r"}, "l": {"L": []}, "n": {"N": "5"}}
    ddb.put_item(TableName=table, Item={**key("direct"), **before})
    ddb.put_item(TableName=table, Item={**key("cached"), **before})
    fast.get_item(TableName=table, Key=key("cached"))
    direct = ddb.update_item(TableName=table, Key=key("direct"), **update).get("Attributes", {})
    cached = fast.update_item(TableName=table, Key=key("cached"), **update).get("Attributes", {})
    assert {**cached, "pk": None} == {**direct, "pk": None}
    assert fast.get_item(TableName=table, Key=key("cached"))["Item"]["n"] == {"N": "6"}


def test_what_is_deleted_through_the_cache_is_gone(fast, table):
    fast.put_item(TableName=table, Item=key("a"))
    assert fast.delete_item(TableName=table, Key=key("a"), ReturnValues="ALL_OLD")["Attributes"] == key("a")
    assert "Item" not in fast.get_item(TableName=table, Key=key("a"))


def test_a_query_is_answered_again_whatever_is_written(fast, table, clock):
    query = {
        "TableName": table,
        "KeyConditionExpression": "pk = :a",
        "ExpressionAttributeValues": {":a": {"S": "a"}},
    }
    assert fast.query(**query)["Count"] == 0
    fast.put_item(TableName=table, Item=key("a"))
    assert fast.query(**query)["Count"] == 0
    assert fast.query(**query, ConsistentRead=True)["Count"] == 1
    clock.advance(seconds=301)
    assert fast.query(**query)["Count"] == 1


def test_times_are_those_of_the_parameter_group(dax, make_cluster, connect, ddb, table, clock):
    dax.create_parameter_group(ParameterGroupName="brief")
    values = [{"ParameterName": "record-ttl-millis", "ParameterValue": "2000"}]
    dax.update_parameter_group(ParameterGroupName="brief", ParameterNameValues=values)
    fast = connect(make_cluster(ParameterGroupName="brief"))
    fast.get_item(TableName=table, Key=key("a"))
    ddb.put_item(TableName=table, Item=key("a"))
    clock.advance(seconds=3)
    assert "Item" in fast.get_item(TableName=table, Key=key("a"))


def test_a_rebooted_node_has_an_empty_cache(dax, make_cluster, until_available, connect, ddb, table, clock):
    cluster = make_cluster()
    fast = connect(cluster)
    fast.get_item(TableName=table, Key=key("a"))
    ddb.put_item(TableName=table, Item=key("a"))
    dax.reboot_node(ClusterName="fast", NodeId=cluster["Nodes"][0]["NodeId"])
    clock.advance(seconds=2)
    until_available("fast")
    assert "Item" in fast.get_item(TableName=table, Key=key("a"))


CONDITIONS = [
    "v = :two AND n <> :two",
    "v < n AND n >= v AND n > :two AND v <= :two",
    "(v = :one OR v = :two) AND NOT (v = :one OR NOT attribute_exists(m.#deep))",
    "v BETWEEN :one AND n AND v IN (:one, :two)",
    "attribute_type(m, :map) AND begins_with(s, :st) AND contains(s, :st) AND size(s) > :two",
    "attribute_not_exists(m.none) AND m.#deep[1] = :two AND size(m.#deep) = v",
]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_conditions_mean_what_they_mean_at_dynamodb(fast, table, condition):
    fast.put_item(
        TableName=table,
        Item={
            **key("a"),
            "v": {"N": "2"},
            "n": {"N": "3"},
            "s": {"S": "start"},
            "m": {"M": {"deep.er": {"L": [{"N": "1"}, {"N": "2"}]}}},
        },
    )
    used = {":one": {"N": "1"}, ":two": {"N": "2"}, ":map": {"S": "M"}, ":st": {"S": "st"}}
    more = {"ExpressionAttributeNames": {"#deep": "deep.er"}} if "#deep" in condition else {}
    more["ExpressionAttributeValues"] = {name: value for name, value in used.items() if name in condition}
    found = fast.scan(TableName=table, FilterExpression=condition, **more)
    assert found["Count"] == 1
    fast.delete_item(TableName=table, Key=key("a"), ConditionExpression=condition, **more)


def test_projections_take_parts_out_of_cached_items(fast, table):
    fast.put_item(TableName=table, Item={**key("a"), "l": {"L": [{"N": "1"}, {"N": "2"}, {"N": "3"}]}, "m": {"M": {}}})
    projection = {"ProjectionExpression": "l[2], #l[0], pk, nothing", "ExpressionAttributeNames": {"#l": "l"}}
    wanted = {"pk": {"S": "a"}, "l": {"L": [{"N": "1"}, {"N": "3"}]}}
    assert fast.get_item(TableName=table, Key=key("a"), **projection)["Item"] == wanted
    assert fast.scan(TableName=table, **projection)["Items"] == [wanted]
    batch = {table: {"Keys": [key("a")], **projection}}
    assert fast.batch_get_item(RequestItems=batch)["Responses"] == {table: [wanted]}


def test_batches_read_and_write_through_the_cache(fast, ddb, table):
    puts = [{"PutRequest": {"Item": {**key("a", str(number)), "v": {"N": str(number)}}}} for number in range(5)]
    assert fast.batch_write_item(RequestItems={table: puts})["UnprocessedItems"] == {}
    ddb.delete_item(TableName=table, Key=key("a", "3"))
    fast.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": key("a", "4")}}]})
    keys = [key("a", str(number)) for number in range(6)]
    items = fast.batch_get_item(RequestItems={table: {"Keys": keys}})["Responses"][table]
    assert sorted(item["v"]["N"] for item in items) == ["0", "1", "2", "3"]


def test_pages_of_a_query_follow_each_other(fast, table):
    puts = [{"PutRequest": {"Item": key("a", str(number))}} for number in range(-3, 4)]
    fast.batch_write_item(RequestItems={table: puts})
    query = {"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}, "Limit": 3}
    seen, start = [], {}
    while True:
        page = fast.query(TableName=table, ScanIndexForward=False, **query, **start)
        seen += [item["sk"]["N"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert seen == ["3", "2", "1", "0", "-1", "-2", "-3"]


def test_transactions_go_past_the_cache_and_change_it(fast, ddb, table):
    fast.put_item(TableName=table, Item={**key("b"), "v": {"N": "1"}})
    one = {":v": {"N": "1"}}
    fast.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": table, "Item": key("a")}},
            {
                "Update": {
                    "TableName": table,
                    "Key": key("b"),
                    "UpdateExpression": "ADD v :v",
                    "ConditionExpression": "v = :v",
                    "ExpressionAttributeValues": one,
                }
            },
            {
                "ConditionCheck": {
                    "TableName": table,
                    "Key": key("c"),
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            },
        ]
    )
    assert fast.get_item(TableName=table, Key=key("b"))["Item"]["v"] == {"N": "2"}
    ddb.put_item(TableName=table, Item={**key("b"), "v": {"N": "3"}})
    gets = [{"Get": {"TableName": table, "Key": key(pk)}} for pk in ("a", "b", "c")]
    responses = fast.transact_get_items(TransactItems=gets)["Responses"]
    assert responses == [{"Item": key("a")}, {"Item": {**key("b"), "v": {"N": "3"}}}, {}]


def test_refusals_of_dynamodb_come_through(fast, table):
    assert refused(fast.get_item, TableName="missing", Key=key("a")) == "ResourceNotFoundException"
    fast.put_item(TableName=table, Item=key("a"))
    condition = "attribute_not_exists(pk)"
    code = refused(fast.put_item, TableName=table, Item=key("a"), ConditionExpression=condition)
    assert code == "ConditionalCheckFailedException"
    assert refused(fast.query, TableName=table, KeyConditionExpression="pk = pk") == "ValidationException"


def test_a_cancelled_transaction_gives_its_reasons(fast, table, monkeypatch):
    from amazondax import RetryHandler

    monkeypatch.setattr(RetryHandler.time, "sleep", lambda seconds: None)
    fast.put_item(TableName=table, Item=key("a"))
    put = {"TableName": table, "Item": key("a"), "ConditionExpression": "attribute_not_exists(pk)"}
    with pytest.raises(ClientError) as caught:
        fast.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": key("b")}}, {"Put": put}])
    assert caught.value.code == "TransactionCanceledException"
    reasons = caught.value.cancellation_reasons
    assert reasons[0] == "None" and reasons[3] == "ConditionalCheckFailed"


def test_a_secret_that_is_wrong_is_refused(make_cluster, connect, aws):
    cluster = make_cluster()
    with pytest.raises(ClientError, match="signature"):
        connect(cluster, {"AccessKeyId": aws.account, "SecretAccessKey": "wrong"})


def test_callers_need_permission_for_the_cluster_alone(make_cluster, connect, aws, table):
    cluster = make_cluster()
    iam = aws("iam")
    arn = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="reader", PolicyName="dax", PolicyDocument=allowing("dax:GetItem"))
    session = aws("sts").assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]
    reader = connect(cluster, session)
    assert "Item" not in reader.get_item(TableName=table, Key=key("a"))
    assert refused(reader.put_item, TableName=table, Item=key("a")) == "AccessDeniedException"
    assert (
        refused(aws("dynamodb", credentials=session).get_item, TableName=table, Key=key("a")) == "AccessDeniedException"
    )


def test_the_role_of_the_cluster_needs_permission_for_the_table(make_cluster, connect, aws, table, ddb):
    fast = connect(make_cluster())
    fast.get_item(TableName=table, Key=key("a"))
    aws("iam").put_role_policy(
        RoleName="dax", PolicyName="tables", PolicyDocument=allowing("dynamodb:GetItem", "dynamodb:DescribeTable")
    )
    assert refused(fast.put_item, TableName=table, Item=key("a")) == "AccessDeniedException"


def test_a_table_with_a_hash_key_alone_has_keys_of_every_type(fast, ddb, clock):
    for kind, value in (("S", "é"), ("N", "-1.25"), ("B", b"\x00\x01")):
        ddb.create_table(
            TableName=kind * 3,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": kind}],
        )
        clock.advance(seconds=60)
        item = {"pk": {kind: value}, "v": {"S": "v"}}
        fast.put_item(TableName=kind * 3, Item=item)
        assert ddb.scan(TableName=kind * 3)["Items"] == [item]
        assert fast.get_item(TableName=kind * 3, Key={"pk": {kind: value}})["Item"] == item
        assert fast.scan(TableName=kind * 3)["Items"] == [item]


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"gJ7yne5G\x00\xf6\xa0\x00\x02\x01",
        b"gJ7yne5G\x00\xf6\xa0\x00\x01\x18\x63",
        b"gJ7yne5G" + b"\x81" * 200,
        b"gJ7yne5G\x1f",
    ],
)
def test_who_does_not_speak_the_protocol_is_left(make_cluster, said):
    endpoint = make_cluster()["ClusterDiscoveryEndpoint"]
    with socket.create_connection((endpoint["Address"], endpoint["Port"]), timeout=5) as stranger:
        stranger.sendall(said)
        assert stranger.recv(1) == b""


def test_a_client_that_does_not_say_who_it_is_is_refused(make_cluster):
    endpoint = make_cluster()["ClusterDiscoveryEndpoint"]
    with socket.create_connection((endpoint["Address"], endpoint["Port"]), timeout=5) as client:
        client.sendall(b"gJ7yne5G\x00\xf6\xa0\x00" + b"\x01\x1a\x1b\x2b\xcf\x02")
        assert b"requires authentication" in client.recv(1000)


def test_a_deleted_cluster_shuts_its_door(dax, make_cluster):
    endpoint = make_cluster()["ClusterDiscoveryEndpoint"]
    with socket.create_connection((endpoint["Address"], endpoint["Port"]), timeout=5) as client:
        dax.delete_cluster(ClusterName="fast")
        assert client.recv(1) == b""
