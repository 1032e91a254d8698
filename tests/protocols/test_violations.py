"""The words in which AWS refuses what the model forbids."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from fogbank import protocols
from fogbank.http import Payload, Request
from fogbank.kernel.errors import AWSError


def codec(service_id: str, name: str, **options: Any) -> protocols.Codec:
    operation = protocols.load(service_id).operations[name]
    return protocols.codec(operation, operation.service.protocols[0], **options)


def message(service_id: str, name: str, params: dict[str, Any], **options: Any) -> str:
    return protocols.violations_message(codec(service_id, name, **options).violations(params))


def refusal(service_id: str, name: str, body: bytes, uri: dict[str, str] | None = None) -> AWSError:
    with pytest.raises(AWSError) as raised:
        codec(service_id, name).parse(Request("POST", "/", "", {}, Payload(body)), uri or {})
    return raised.value


def test_required() -> None:
    assert message("kinesis", "CreateStream", {}) == (
        "1 validation error detected: Value null at 'streamName' failed to satisfy constraint: Member must not be null"
    )


def test_several_are_joined_and_counted() -> None:
    assert message("dynamodb", "GetItem", {}) == (
        "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; "
        "Value null at 'key' failed to satisfy constraint: Member must not be null"
    )


def test_length() -> None:
    params = {"StreamName": "x" * 129, "ShardCount": 1}
    assert message("kinesis", "CreateStream", params) == (
        f"1 validation error detected: Value '{'x' * 129}' at 'streamName' failed to satisfy constraint: "
        "Member must have length less than or equal to 128"
    )


def test_pattern_comes_before_length() -> None:
    assert message("kinesis", "CreateStream", {"StreamName": ""}) == (
        "2 validation errors detected: Value '' at 'streamName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; "
        "Value '' at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1"
    )


def test_range() -> None:
    assert (
        "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"
        in message("dynamodb", "Scan", {"TableName": "abc", "Limit": 0})
    )


def test_enum() -> None:
    assert message("dynamodb", "PutItem", {"TableName": "abc", "Item": {}, "ReturnValues": "SOME"}) == (
        "1 validation error detected: Value 'SOME' at 'returnValues' failed to satisfy constraint: "
        "Member must satisfy enum value set: [NONE, ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATED_NEW]"
    )


def test_enums_can_be_left_to_the_service() -> None:
    assert not codec("dynamodb", "PutItem", enums=False).violations(
        {"TableName": "abc", "Item": {}, "ReturnValues": "SOME"}
    )


def test_path_into_lists_and_maps() -> None:
    schema = [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "", "KeyType": "RANGE"}]
    params = {"TableName": "abc", "AttributeDefinitions": [], "KeySchema": schema}
    assert "Value '' at 'keySchema.2.member.attributeName' failed to satisfy constraint" in message(
        "dynamodb", "CreateTable", params
    )
    requests: dict[str, Any] = {"RequestItems": {"tab": [{"PutRequest": {}}]}}
    assert "Value null at 'requestItems.tab.member.1.member.putRequest.item'" in (
        message("dynamodb", "BatchWriteItem", requests)
    )


def test_lists_are_printed_as_java_prints_them() -> None:
    params = {"TableName": "abc", "AttributeDefinitions": [], "KeySchema": []}
    assert (
        "Value '[]' at 'keySchema' failed to satisfy constraint: Member must have length greater than or equal to 1"
        in (message("dynamodb", "CreateTable", params))
    )


def test_structures_are_printed_with_their_members() -> None:
    record = {"Data": b"abc", "PartitionKey": "p"}
    one = "PutRecordsRequestEntry(data=java.nio.HeapByteBuffer[pos=0 lim=3 cap=3], partitionKey=p)"
    assert f"Value '[{one}, {one}" in message("kinesis", "PutRecords", {"StreamName": "s", "Records": [record] * 501})


def test_null_in_a_list() -> None:
    assert "Value null at 'attributesToGet.1.member' failed to satisfy constraint: Member must not be null" in message(
        "dynamodb", "GetItem", {"TableName": "abc", "Key": {}, "AttributesToGet": [None]}
    )


def test_map_keys() -> None:
    assert message("kinesis", "AddTagsToStream", {"StreamName": "s", "Tags": {"": "v"}}) == (
        "1 validation error detected: Value '{=v}' at 'tags' failed to satisfy constraint: "
        "Map keys must satisfy constraint: [Member must have length less than or equal to 128, "
        "Member must have length greater than or equal to 1]"
    )


def test_scalars_in_a_list_are_shown_together() -> None:
    params = {"StackName": "s", "Capabilities": ["CAPABILITY_IAM", "no"]}
    assert message("cloudformation", "CreateStack", params) == (
        "1 validation error detected: Value '[CAPABILITY_IAM, no]' at 'capabilities' failed to satisfy constraint: "
        "Member must satisfy constraint: "
        "[Member must satisfy enum value set: [CAPABILITY_IAM, CAPABILITY_NAMED_IAM, CAPABILITY_AUTO_EXPAND]]"
    )


def test_documents_are_not_looked_into() -> None:
    item = {"a": {"Nonsense": 1}}
    body = orjson.dumps({"TableName": "abc", "Item": item})
    codec_ = codec("dynamodb", "PutItem", documents=frozenset({"AttributeValue"}))
    params = codec_.parse(Request("POST", "/", "", {}, Payload(body)), {})
    assert params == {"TableName": "abc", "Item": item}
    assert codec_.violations(params) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"TableName":1}', "NUMBER_VALUE cannot be converted to String"),
        (b'{"TableName":1.5}', "DECIMAL_VALUE cannot be converted to String"),
        (b'{"TableName":true}', "TRUE_VALUE cannot be converted to String"),
        (b'{"TableName":[]}', "Start of list found where not expected"),
        (b'{"TableName":{}}', "Start of structure or map found where not expected."),
        (b'{"Limit":"1"}', "STRING_VALUE cannot be converted to Integer"),
        (b'{"Limit":1.5}', "DECIMAL_VALUE cannot be converted to Integer"),
        (b'{"ConsistentRead":"true"}', "STRING_VALUE cannot be converted to Boolean"),
        (b'{"ConsistentRead":0}', "NUMBER_VALUE cannot be converted to Boolean"),
        (b'{"ScanFilter":[]}', "Start of list found where not expected"),
        (b'{"AttributesToGet":{}}', "Start of structure or map found where not expected."),
        (b'{"AttributesToGet":"x"}', "Unexpected value type in payload"),
    ],
)
def test_wrong_json_types(body: bytes, words: str) -> None:
    error = refusal("dynamodb", "Scan", body)
    assert (error.code, error.status, error.message) == ("SerializationException", 400, words)


def test_integers_may_be_written_with_a_fraction_of_zero_and_nulls_are_absent() -> None:
    body = b'{"TableName":"abc","Limit":1.0,"IndexName":null}'
    assert codec("dynamodb", "Scan").parse(Request("POST", "/", "", {}, Payload(body)), {}) == {
        "TableName": "abc",
        "Limit": 1,
    }


def test_form_values_of_the_wrong_type() -> None:
    error = refusal("iam", "ListUsers", b"Action=ListUsers&MaxItems=many")
    assert (error.code, error.message) == ("MalformedInput", "many cannot be converted to Integer")


def test_s3_query_values_of_the_wrong_type() -> None:
    request = Request("GET", "/b", "list-type=2&max-keys=many", {}, Payload())
    with pytest.raises(AWSError) as raised:
        codec("s3", "ListObjectsV2").parse(request, {"Bucket": "b"})
    error = raised.value
    assert (error.code, error.message) == (
        "InvalidArgument",
        "Provided max-keys not an integer or within integer range",
    )
    assert error.members == {"ArgumentName": "max-keys", "ArgumentValue": "many"}


def test_s3_documents() -> None:
    uri = {"Bucket": "b"}
    assert refusal("s3", "DeleteObjects", b"<Delete><Object>", uri).code == "MalformedXML"
    assert refusal("s3", "DeleteObjects", b"<Other/>", uri).code == "MalformedXML"
    assert refusal("s3", "DeleteObjects", b"", uri).code == "MissingRequestBodyError"
    assert refusal("s3", "PutBucketVersioning", b"", uri).code == "MissingRequestBodyError"


def test_parameters_read_by_the_fast_decoder_are_not_checked_twice() -> None:
    codec_ = codec("dynamodb", "GetItem", documents=frozenset({"AttributeValue"}))
    params = codec_.parse(Request("POST", "/", "", {}, Payload(b'{"TableName":"abc","Key":{}}')), {})
    params["TableName"] = ""  # unseen, since these very parameters were validated while they were read
    assert codec_.violations(params) == []
    assert codec_.violations(params)


def test_required_members_of_a_body_that_is_missing() -> None:
    codec_ = codec("lambda", "CreateFunction")
    for body in (b"", b"{}"):
        params = codec_.parse(Request("POST", "/", "", {}, Payload(body)), {})
        assert [violation.member for violation in codec_.violations(params)] == ["functionName", "role", "code"]


def test_labels_and_headers_are_checked_beside_a_valid_body() -> None:
    codec_ = codec("lambda", "UpdateFunctionCode")
    params = codec_.parse(Request("PUT", "/", "", {}, Payload(b'{"ImageUri":"x"}')), {"FunctionName": "no good!"})
    assert [(violation.kind, violation.member) for violation in codec_.violations(params)] == [
        ("pattern", "functionName")
    ]


@pytest.mark.parametrize("number", [b"2147483648", b"-2147483649", b"1" + b"0" * 400, b"1e30"])
def test_integers_that_do_not_fit_are_refused(number: bytes) -> None:
    assert refusal("dynamodb", "Scan", b'{"Limit":' + number + b"}").code == "SerializationException"


@pytest.mark.parametrize("number", [b"1e300", b"-1e300", b"253402300800", b'"never"'])
def test_times_that_no_calendar_has_are_refused(number: bytes) -> None:
    body = b'{"logGroupName":"g","destination":"d","from":0,"to":0,"Timestamp":' + number + b"}"
    assert refusal("kinesis", "GetShardIterator", body).message.endswith("cannot be converted to Timestamp")
