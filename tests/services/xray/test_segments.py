"""PutTraceSegments and what becomes of it: BatchGetTraces, retention."""

import json

import pytest

from tests.services.xray.conftest import new_id, new_trace_id


def unprocessed(xray, document):
    text = document if isinstance(document, str) else json.dumps(document)
    (found,) = xray.put_trace_segments(TraceSegmentDocuments=[text])["UnprocessedTraceSegments"]
    assert found["Message"] == f"Invalid segment. ErrorCode: {found['ErrorCode']}"
    return found["ErrorCode"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id": None}, "MissingId"),
        ({"id": "xyz"}, "InvalidId"),
        ({"trace_id": None}, "MissingTraceId"),
        ({"trace_id": "1-58406520"}, "InvalidTraceId"),
        ({"name": None}, "MissingName"),
        ({"name": "x" * 201}, "InvalidName"),
        ({"start_time": None}, "MissingStartTime"),
        ({"end_time": None}, "MissingEndTime"),
        ({"end_time": 1.0}, "InvalidEndTime"),
        ({"parent_id": "?"}, "InvalidParentId"),
        ({"type": "subsegment"}, "MissingParentId"),
        ({"subsegments": [{"id": "0" * 16, "start_time": 1}]}, "MissingName"),
        ({"metadata": {"default": {"x": "x" * 65536}}}, "SegmentTooLarge"),
    ],
)
def test_documents_that_are_not_in_order_are_not_processed(xray, traces, change, code):
    given = {"trace_id": new_trace_id(), **traces.segment(), **change}
    assert unprocessed(xray, {key: value for key, value in given.items() if value is not None}) == code


def test_what_is_not_json_and_what_is_empty_are_not_processed(xray):
    assert unprocessed(xray, "{") == "ParseError"
    assert unprocessed(xray, "[]") == "MissingId"
    assert unprocessed(xray, "[" * 300 + "]" * 300) == "ParseError"


def test_a_bad_document_does_not_keep_others_from_being_processed(xray, traces):
    good = {"trace_id": new_trace_id(traces.now), **traces.segment()}
    bad = {**good, "id": new_id(), "name": ""}
    answer = xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(bad), json.dumps(good)])
    assert [each["Id"] for each in answer["UnprocessedTraceSegments"]] == [bad["id"]]
    assert traces.found() == {good["trace_id"]}


def test_subsegments_sent_by_themselves_become_part_of_their_segment(traces):
    segment = traces.segment()
    outer = traces.segment("outer", type="subsegment", parent_id=segment["id"])
    inner = traces.segment("inner", type="subsegment", parent_id=outer["id"])
    trace_id = traces.send(inner, segment, outer)
    documents = traces.documents(trace_id)
    assert list(documents) == ["shop"]
    (found,) = documents["shop"]["subsegments"]
    assert found["name"] == "outer" and "type" not in found
    assert [each["name"] for each in found["subsegments"]] == ["inner"]


def test_a_segment_in_progress_is_replaced_by_the_whole_one_and_not_the_other_way_round(traces):
    whole = traces.segment()
    begun = {**whole, "in_progress": True}
    del begun["end_time"]
    trace_id = traces.send(begun)
    assert traces.summaries()[0]["IsPartial"]
    traces.send(whole, trace_id=trace_id)
    traces.send(begun, trace_id=trace_id)
    (summary,) = traces.summaries()
    assert not summary["IsPartial"] and summary["Duration"] == 1.0


def test_what_the_schema_does_not_have_is_dropped(traces):
    trace_id = traces.send(traces.segment(nonsense=1, annotations={"a b": 1, "good": True}, namespace="else"))
    document = traces.documents(trace_id)["shop"]
    assert not document.keys() & {"nonsense", "namespace"}
    assert document["annotations"] == {"good": True}


def test_calls_of_services_that_send_nothing_are_inferred(traces):
    table = traces.segment("dynamodb", namespace="aws", aws={"table_name": "orders", "operation": "GetItem"})
    host = traces.segment("api.example.com", namespace="remote", fault=True)
    trace_id = traces.send(traces.segment(subsegments=[table, host]))
    documents = traces.documents(trace_id)
    assert documents["dynamodb"]["origin"] == "AWS::DynamoDB::Table"
    assert documents["dynamodb"]["parent_id"] == table["id"] and documents["dynamodb"]["inferred"]
    assert documents["api.example.com"]["fault"]


def test_a_service_that_sends_its_own_segment_is_not_inferred(traces):
    call = traces.segment("orders", namespace="remote")
    trace_id = traces.send(traces.segment(subsegments=[call]), traces.segment("orders", parent_id=call["id"]))
    assert len(traces.documents(trace_id)) == 2
    assert "inferred" not in traces.documents(trace_id)["orders"]


def test_traces_that_are_not_known_are_passed_over_and_ids_checked(xray, refused):
    answer = xray.batch_get_traces(TraceIds=[new_trace_id()])
    assert (answer["Traces"], answer["UnprocessedTraceIds"]) == ([], [])
    with refused(message="Invalid trace id"):
        xray.batch_get_traces(TraceIds=["nonsense"])
    with refused(message="At most 5"):
        xray.batch_get_traces(TraceIds=[new_trace_id() for _ in range(6)])


def test_traces_are_kept_for_30_days(xray, traces, clock):
    trace_id = traces.send(traces.segment())
    clock.advance(days=29, hours=23)
    assert xray.batch_get_traces(TraceIds=[trace_id])["Traces"]
    clock.advance(hours=2)
    assert not xray.batch_get_traces(TraceIds=[trace_id])["Traces"]
    clock.advance(days=2)
    assert not traces.found()


def test_telemetry_is_taken(xray, clock):
    xray.put_telemetry_records(TelemetryRecords=[{"Timestamp": clock.now(), "SegmentsReceivedCount": 1}])


def test_documents_under_a_key_cannot_be_read_without_it(aws, xray, traces, clock, refused):
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]
    config = xray.put_encryption_config(Type="KMS", KeyId=key["KeyId"])["EncryptionConfig"]
    assert config == {"Type": "KMS", "KeyId": key["Arn"], "Status": "UPDATING"}
    clock.advance(seconds=2)
    assert xray.get_encryption_config()["EncryptionConfig"]["Status"] == "ACTIVE"
    trace_id = traces.send(traces.segment())
    assert traces.documents(trace_id)
    kms.disable_key(KeyId=key["KeyId"])
    with refused(message="The KMS key cannot be used"):
        xray.batch_get_traces(TraceIds=[trace_id])
    assert xray.put_encryption_config(Type="NONE")["EncryptionConfig"]["Type"] == "NONE"


def test_keys_that_are_not_there_are_refused(xray, refused):
    assert xray.get_encryption_config()["EncryptionConfig"] == {"Type": "NONE", "Status": "ACTIVE"}
    with refused(message="KeyId is required"):
        xray.put_encryption_config(Type="KMS")
    with refused(message="The KMS key cannot be used"):
        xray.put_encryption_config(Type="KMS", KeyId="alias/nobody")
