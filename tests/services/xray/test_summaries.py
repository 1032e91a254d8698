"""GetTraceSummaries: time ranges, sampling, what summaries say."""

import json

from tests.services.xray.conftest import new_trace_id


def test_a_summary_says_what_is_known_of_a_trace(traces, aws):
    http = {"request": {"url": "http://shop/", "method": "GET", "user_agent": "curl"}, "response": {"status": 429}}
    own = traces.segment("load", subsegments=[traces.segment("deep", annotations={"deep": True})])
    segment = traces.segment(
        http=http, throttle=True, error=True, user="alice", subsegments=[own], origin="AWS::ECS::Container"
    )
    segment["annotations"] = {"order": "O42", "amount": 7}
    trace_id = traces.send(segment, traces.segment("later", start=1, seconds=2, parent_id=own["id"]))
    (summary,) = traces.summaries()
    assert summary["Id"] == trace_id
    assert (summary["ResponseTime"], summary["Duration"], summary["Revision"]) == (1.0, 3.0, 2)
    assert (summary["HasError"], summary["HasThrottle"], summary["HasFault"]) == (True, True, False)
    assert summary["Http"] == {"HttpURL": "http://shop/", "HttpStatus": 429, "HttpMethod": "GET", "UserAgent": "curl"}
    assert summary["EntryPoint"]["Name"] == "shop" and summary["EntryPoint"]["Type"] == "AWS::ECS::Container"
    assert summary["Users"][0]["UserName"] == "alice"
    assert summary["Annotations"]["order"][0]["AnnotationValue"] == {"StringValue": "O42"}
    assert summary["Annotations"]["amount"][0]["AnnotationValue"] == {"NumberValue": 7.0}
    assert summary["Annotations"]["deep"][0]["AnnotationValue"] == {"BooleanValue": True}
    assert {each["Name"] for each in summary["ServiceIds"]} == {"shop", "later"}
    (cause,) = summary["ErrorRootCauses"]
    assert cause["ClientImpacting"] and cause["Services"][0]["EntityPath"][0]["Name"] == "shop"
    (slow,) = summary["ResponseTimeRootCauses"]
    assert [each["Name"] for each in slow["Services"]] == ["shop", "later"]
    assert [each["Coverage"] for each in slow["Services"][0]["EntityPath"]] == [1.0, 1.0]


def test_filters_choose_among_traces(traces):
    good = traces.send(traces.segment())
    bad = traces.send(traces.segment(fault=True))
    assert traces.found() == {good, bad}
    assert traces.found("fault") == {bad}


def test_time_ranges_are_of_the_id_of_events_or_of_services(traces):
    trace_id = traces.send(traces.segment(start=-100, seconds=150), trace_id=new_trace_id(traces.now - 100))
    later = {"StartTime": traces.now - 10, "EndTime": traces.now + 40}
    assert not traces.found(**later)
    (summary,) = traces.summaries(**later, TimeRangeType="Event")
    assert abs(summary["MatchedEventTime"].timestamp() - later["EndTime"]) < 0.01
    assert not traces.found(**later, TimeRangeType="Service")
    assert traces.found(StartTime=traces.now, EndTime=traces.now + 60, TimeRangeType="Service") == {trace_id}


def test_ids_made_by_opentelemetry_have_the_time_of_their_segments(traces):
    trace_id = traces.send(traces.segment(), trace_id="1-4efaaf4d-1e8720b39541901950019ee5")
    assert traces.found() == {trace_id}


def test_some_of_the_traces_can_be_asked_for(xray, traces):
    ids = {traces.send(traces.segment()) for _ in range(12)}
    half = {"Sampling": True, "SamplingStrategy": {"Name": "FixedRate", "Value": 0.5}}
    assert traces.found(**half) < ids
    assert traces.found(**half) == traces.found(**half)
    assert traces.found(Sampling=True) == ids


def test_ranges_and_filters_that_cannot_be(xray, traces, refused):
    now = traces.now
    with refused(message="EndTime must be after StartTime"):
        xray.get_trace_summaries(StartTime=now, EndTime=now - 1)
    with refused(message="Time range cannot be longer than 24 hours"):
        xray.get_trace_summaries(StartTime=now - 90000, EndTime=now)
    with refused(message="Invalid filter expression"):
        traces.summaries("speed > 1")
    with refused(message="Invalid NextToken"):
        traces.summaries(NextToken="nonsense")


def test_groups_are_filters_with_a_name(xray, traces):
    xray.create_group(GroupName="slow", FilterExpression="responsetime > 3")
    slow = traces.send(traces.segment(seconds=4))
    traces.send(traces.segment())
    assert traces.found('group.name = "slow"') == {slow}


def test_root_causes_follow_segments_that_call_segments(traces):
    first = traces.segment("one")
    traces.send(first, traces.segment("two", parent_id=first["id"]))
    (slow,) = traces.summaries()[0]["ResponseTimeRootCauses"]
    assert [each["Name"] for each in slow["Services"]] == ["one", "two"]


def test_summaries_come_in_pages(xray, traces, refused):
    documents = [{"trace_id": new_trace_id(traces.now), **traces.segment()} for _ in range(1001)]
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(each) for each in documents])
    pages = xray.get_paginator("get_trace_summaries").paginate(**traces.range)
    ids = [[summary["Id"] for summary in page["TraceSummaries"]] for page in pages]
    assert [len(page) for page in ids] == [1000, 1]
    assert {id for page in ids for id in page} == {each["trace_id"] for each in documents}
    with refused(message="Invalid NextToken"):
        xray.get_trace_summaries(**traces.range, NextToken="1")
