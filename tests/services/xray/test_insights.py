"""Insights: faults that are more than there should be."""

import json

import pytest


@pytest.fixture
def busy(xray, traces, clock):
    """A minute with so many requests to a shop, of which some fail because of its table."""
    xray.create_group(GroupName="g", InsightsConfiguration={"InsightsEnabled": True})

    def busy(good, bad):
        clock.advance(seconds=60 - clock.now() % 60 + 10)
        traces.now = clock.now() - 5
        for number in range(good + bad):
            failed = {"fault": True} if number < bad else {}
            table = traces.segment("DynamoDB", namespace="aws", aws={"table_name": "orders"}, **failed)
            traces.send(traces.segment(subsegments=[table], **failed))
        clock.advance(seconds=60)

    return busy


@pytest.fixture
def summaries(xray, clock):
    def summaries(**options):
        range = {"StartTime": clock.now() - 3600, "EndTime": clock.now()}
        return xray.get_insight_summaries(GroupName="g", **range, **options)["InsightSummaries"]

    return summaries


def test_many_faults_are_an_insight_that_closes_when_they_are_over(xray, busy, summaries, clock, traces):
    busy(good=4, bad=4)
    busy(good=1, bad=3)
    (summary,) = summaries()
    assert (summary["State"], summary["Categories"]) == ("ACTIVE", ["FAULT"])
    assert summary["RootCauseServiceId"]["Name"] == "orders"
    assert summary["ClientRequestImpactStatistics"] == {"FaultCount": 7, "OkCount": 5, "TotalCount": 12}
    events = xray.get_insight_events(InsightId=summary["InsightId"])["InsightEvents"]
    assert [each["ClientRequestImpactStatistics"]["TotalCount"] for each in events] == [4, 8]
    graph = xray.get_insight_impact_graph(InsightId=summary["InsightId"], **traces.range)
    assert {each["Name"] for each in graph["Services"]} == {"shop", "orders"}
    clock.advance(minutes=7)
    insight = xray.get_insight(InsightId=summary["InsightId"])["Insight"]
    assert insight["State"] == "CLOSED" and insight["EndTime"] > insight["StartTime"]
    assert not summaries(States=["ACTIVE"])
    assert summaries(States=["CLOSED"])


def test_eventbridge_is_told(aws, xray, busy):
    xray.update_group(GroupName="g", InsightsConfiguration={"InsightsEnabled": True, "NotificationsEnabled": True})
    queue = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    arn = aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    pattern = {"source": ["aws.xray"], "detail": {"State": ["ACTIVE"], "Category": ["FAULT"]}}
    aws("events").put_rule(Name="r", EventPattern=json.dumps(pattern))
    aws("events").put_targets(Rule="r", Targets=[{"Id": "q", "Arn": arn}])
    busy(good=0, bad=3)
    (message,) = aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    event = json.loads(message["Body"])
    assert event["detail-type"] == "AWS X-Ray Insight Update"
    assert event["detail"]["RootCauseServiceId"]["Name"] == "orders"


def test_a_few_faults_are_none(busy, summaries):
    busy(good=0, bad=2)
    busy(good=30, bad=3)
    assert not summaries()


def test_insights_that_are_not_there(xray, refused, clock):
    with refused(message="does not exist"):
        xray.get_insight(InsightId="00000000-0000-4000-8000-000000000000")
    with refused(message="Group not found"):
        xray.get_insight_summaries(GroupName="nobody", StartTime=clock.now() - 1, EndTime=clock.now())


def test_an_insight_of_a_group_that_is_gone_is_closed(xray, busy, summaries, clock, refused):
    busy(good=0, bad=3)
    (summary,) = summaries()
    xray.delete_group(GroupName="g")
    clock.advance(minutes=2)
    assert xray.get_insight(InsightId=summary["InsightId"])["Insight"]["State"] == "CLOSED"
    clock.advance(days=30)
    with refused(message="does not exist"):
        xray.get_insight(InsightId=summary["InsightId"])
