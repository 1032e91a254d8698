"""Transaction search: the destination of segments, indexing, retrievals, and OpenTelemetry's endpoint."""

import json

import pytest

from tests.services.xray.conftest import new_trace_id


def let_xray_write(aws):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "xray.amazonaws.com"},
        "Action": "logs:PutLogEvents",
        "Resource": ["arn:aws:logs:*:*:log-group:aws/spans:*"],
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("logs").put_resource_policy(policyName="spans", policyDocument=document)


@pytest.fixture
def searched(aws, xray, clock):
    """Transaction search is on; says which spans were written."""
    let_xray_write(aws)
    xray.update_trace_segment_destination(Destination="CloudWatchLogs")
    clock.advance(seconds=2)

    def spans():
        clock.advance(seconds=1)
        events = aws("logs").filter_log_events(logGroupName="aws/spans")["events"]
        return [json.loads(event["message"]) for event in events]

    return spans


def test_the_destination_changes_in_a_moment(aws, xray, clock, refused):
    assert xray.get_trace_segment_destination()["Destination"] == "XRay"
    with refused(message="XRay does not have permission to call PutLogEvents"):
        xray.update_trace_segment_destination(Destination="CloudWatchLogs")
    let_xray_write(aws)
    assert xray.update_trace_segment_destination(Destination="CloudWatchLogs")["Status"] == "PENDING"
    clock.advance(seconds=2)
    assert xray.get_trace_segment_destination()["Status"] == "ACTIVE"
    with refused(message="already"):
        xray.update_trace_segment_destination(Destination="CloudWatchLogs")


def test_segments_become_spans_in_a_log_group(traces, searched):
    sub = traces.segment("load", annotations={"n": 1})
    trace_id = traces.send(traces.segment(fault=True, subsegments=[sub]))
    spans = {span["name"]: span for span in searched()}
    assert spans["shop"]["traceId"] == trace_id[2:].replace("-", "")
    assert (spans["shop"]["kind"], spans["shop"]["status"]["code"]) == ("SERVER", "ERROR")
    assert spans["load"]["parentSpanId"] == spans["shop"]["spanId"] and spans["load"]["attributes"] == {"n": 1}


def test_more_spans_than_the_log_takes_at_once_are_all_written(traces, searched):
    traces.send(*(traces.segment(metadata={"x": {"y": "z" * 60_000}}) for _ in range(20)))
    assert len(searched()) == 20


def test_the_indexing_rule_says_how_many_traces_can_be_searched_for(xray, traces, searched, refused):
    (rule,) = xray.get_indexing_rules()["IndexingRules"]
    assert (rule["Name"], rule["Rule"]["Probabilistic"]["DesiredSamplingPercentage"]) == ("Default", 1.0)

    def index(percentage):
        rule = {"Probabilistic": {"DesiredSamplingPercentage": percentage}}
        xray.update_indexing_rule(Name="Default", Rule=rule)

    index(0)
    hidden = traces.send(traces.segment())
    index(100)
    indexed = traces.send(traces.segment())
    assert traces.found() == {indexed}
    assert not xray.batch_get_traces(TraceIds=[hidden])["Traces"]
    with refused(message="between 0 and 100"):
        index(101)
    with refused("ResourceNotFoundException"):
        xray.update_indexing_rule(Name="other", Rule={"Probabilistic": {"DesiredSamplingPercentage": 1}})


def test_traces_that_are_not_indexed_can_be_retrieved(xray, traces, clock, searched, refused):
    xray.update_indexing_rule(Name="Default", Rule={"Probabilistic": {"DesiredSamplingPercentage": 0}})
    trace_id = traces.send(traces.segment())
    token = xray.start_trace_retrieval(TraceIds=[trace_id, new_trace_id()], **traces.range)["RetrievalToken"]
    running = xray.list_retrieved_traces(RetrievalToken=token)
    assert (running["RetrievalStatus"], running["Traces"]) == ("RUNNING", [])
    clock.advance(seconds=2)
    (trace,) = xray.list_retrieved_traces(RetrievalToken=token)["Traces"]
    assert trace["Id"] == trace_id and json.loads(trace["Spans"][0]["Document"])["name"] == "shop"
    (trace,) = xray.list_retrieved_traces(RetrievalToken=token, TraceFormat="OTEL")["Traces"]
    assert json.loads(trace["Spans"][0]["Document"])["kind"] == "SERVER"
    services = xray.get_retrieved_traces_graph(RetrievalToken=token)["Services"]
    assert [each["Service"].get("Type") for each in services] == [None, "client"]
    with refused(message="COMPLETE"):
        xray.cancel_trace_retrieval(RetrievalToken=token)
    clock.advance(hours=1)
    with refused("ResourceNotFoundException"):
        xray.list_retrieved_traces(RetrievalToken=token)


def test_a_retrieval_is_cancelled(xray, traces, searched):
    token = xray.start_trace_retrieval(TraceIds=[new_trace_id()], **traces.range)["RetrievalToken"]
    xray.cancel_trace_retrieval(RetrievalToken=token)
    assert xray.list_retrieved_traces(RetrievalToken=token)["RetrievalStatus"] == "CANCELLED"


def test_without_transaction_search_there_is_nothing_to_retrieve(xray, traces, refused):
    with refused(message="CloudWatchLogs"):
        xray.start_trace_retrieval(TraceIds=[new_trace_id()], **traces.range)
