"""Alarms: how they come to their states, and what follows."""

from __future__ import annotations

import json

import pytest

from fogbank.services.cloudwatch import alarm_rules, verdicts


def test_an_alarm_begins_with_insufficient_data(cloudwatch, make_alarm, aws):
    make_alarm(AlarmDescription="too many")
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert alarm["StateValue"] == "INSUFFICIENT_DATA"
    assert alarm["StateReason"] == "Unchecked: Initial alarm creation"
    assert alarm["AlarmArn"] == f"arn:aws:cloudwatch:us-east-1:{aws.account}:alarm:alarm"
    assert (alarm["ActionsEnabled"], alarm["OKActions"], alarm["Dimensions"]) == (True, [], [])


def test_it_follows_its_metric(make_alarm, put, state, clock):
    make_alarm()
    put(11)
    clock.advance(seconds=60)
    assert state() == "ALARM"
    for _ in range(3):
        put(1)
        clock.advance(seconds=60)
    assert state() == "OK"


def test_without_data_it_is_undecided_again(make_alarm, put, state, clock):
    make_alarm()
    put(11)
    clock.advance(minutes=1)
    clock.advance(minutes=10)
    assert state() == "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    ("treatment", "expected"), [("breaching", "ALARM"), ("notBreaching", "OK"), ("ignore", "INSUFFICIENT_DATA")]
)
def test_missing_data_are_treated_as_told(make_alarm, state, clock, treatment, expected):
    make_alarm(TreatMissingData=treatment)
    clock.advance(minutes=2)
    assert state() == expected


def test_reasons_tell_the_values(cloudwatch, make_alarm, put, clock):
    make_alarm()
    put(11)
    clock.advance(minutes=1)
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert alarm["StateReason"].startswith("Threshold Crossed: 1 out of the last 1 datapoints [11.0 (")
    assert json.loads(alarm["StateReasonData"])["recentDatapoints"] == [11.0]


def test_an_alarm_may_watch_an_expression(cloudwatch, put, state, clock):
    stat = {"Metric": {"Namespace": "App", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    cloudwatch.put_metric_alarm(
        AlarmName="alarm",
        EvaluationPeriods=1,
        Threshold=20,
        ComparisonOperator="GreaterThanThreshold",
        Metrics=[{"Id": "m", "MetricStat": stat, "ReturnData": False}, {"Id": "e", "Expression": "m * 2"}],
    )
    put(11)
    clock.advance(minutes=1)
    assert state() == "ALARM"


def test_a_metric_filter_of_logs_raises_an_alarm(aws, cloudwatch, state, clock, make_alarm):
    make_alarm(Threshold=1)
    logs = aws("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    logs.put_metric_filter(
        logGroupName="g",
        filterName="errors",
        filterPattern="ERROR",
        metricTransformations=[{"metricName": "m", "metricNamespace": "App", "metricValue": "1"}],
    )
    events = [{"timestamp": int(clock.now() * 1000), "message": text} for text in ("ERROR 1", "fine", "ERROR 2")]
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events)
    clock.advance(minutes=1)
    assert state() == "ALARM"


# -- the rule of M out of N


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # newest last; `-` is missing. States for missing, ignore (None: it stays), breaching, notBreaching
        ("0-X-X", ["OK", "OK", "OK", "OK"]),
        ("----0", ["OK", "OK", "OK", "OK"]),
        ("-----", ["INSUFFICIENT_DATA", None, "ALARM", "OK"]),
        ("0XX-X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        ("--X--", ["ALARM", None, "ALARM", "OK"]),
    ],
)
def test_three_out_of_three(values, expected):
    points = [(60.0 * nth, 20.0 if each == "X" else 0.0) for nth, each in enumerate(values) if each != "-"]
    treatments = ("missing", "ignore", "breaching", "notBreaching")
    rules = [verdicts.Rule("GreaterThanThreshold", 10, 3, 3, treatment) for treatment in treatments]
    assert [verdicts.judge(rule, points).state for rule in rules] == expected


def test_two_out_of_three(make_alarm, put, state, clock):
    make_alarm(EvaluationPeriods=3, DatapointsToAlarm=2)
    for value, expected in ((0, "OK"), (20, "OK"), (0, "OK"), (20, "ALARM"), (0, "OK")):
        put(value)
        clock.advance(minutes=1)
        assert state() == expected


# -- actions


@pytest.fixture
def inbox(aws):
    """A topic, and what its subscriber has got."""
    sns, sqs = aws("sns"), aws("sqs")
    topic = sns.create_topic(Name="alerts")["TopicArn"]
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{aws.account}:inbox"
    policy = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [policy]})}
    )
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def messages():
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]

    messages.topic = topic
    return messages


def test_a_topic_is_told_of_the_change(make_alarm, put, clock, inbox):
    make_alarm(AlarmActions=[inbox.topic])
    put(11)
    clock.advance(minutes=1)
    (envelope,) = inbox()
    message = json.loads(envelope["Message"])
    assert envelope["Subject"] == 'ALARM: "alarm" in US East (N. Virginia)'
    assert '"NewStateValue":"ALARM",' in envelope["Message"]
    assert message["OldStateValue"] == "INSUFFICIENT_DATA"
    assert message["Trigger"]["MetricName"] == "m"


def test_notifications_of_bands_and_of_composite_alarms_say_what_they_are_about(cloudwatch, clock, inbox):
    stat = {"Metric": {"Namespace": "App", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    cloudwatch.put_metric_alarm(
        AlarmName="band",
        AlarmActions=[inbox.topic],
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanUpperThreshold",
        ThresholdMetricId="b",
        Metrics=[{"Id": "m", "MetricStat": stat}, {"Id": "b", "Expression": "ANOMALY_DETECTION_BAND(m)"}],
    )
    cloudwatch.put_composite_alarm(AlarmName="whole", AlarmRule="ALARM(band)", AlarmActions=[inbox.topic])
    cloudwatch.set_alarm_state(AlarmName="band", StateValue="ALARM", StateReason="test")
    clock.advance(seconds=1)
    told = {(message := json.loads(each["Message"]))["AlarmName"]: message for each in inbox()}
    assert told["band"]["Trigger"]["ThresholdMetricId"] == "b"
    assert told["whole"]["TriggeringChildren"][0]["Arn"].endswith(":alarm:band")


def test_switched_off_actions_are_not_taken(cloudwatch, make_alarm, inbox):
    make_alarm(AlarmActions=[inbox.topic])
    cloudwatch.disable_alarm_actions(AlarmNames=["alarm"])
    cloudwatch.set_alarm_state(AlarmName="alarm", StateValue="ALARM", StateReason="test")
    assert inbox() == []


def test_history_tells_of_changes_and_actions(cloudwatch, make_alarm, inbox, clock):
    make_alarm(AlarmActions=[inbox.topic, f"{inbox.topic}-missing"])
    cloudwatch.set_alarm_state(AlarmName="alarm", StateValue="ALARM", StateReason="test")
    clock.advance(seconds=1)
    items = cloudwatch.describe_alarm_history(AlarmName="alarm", ScanBy="TimestampAscending")["AlarmHistoryItems"]
    assert [item["HistoryItemType"] for item in items][:2] == ["ConfigurationUpdate", "StateUpdate"]
    summaries = {item["HistorySummary"] for item in items}
    assert "Alarm updated from INSUFFICIENT_DATA to ALARM" in summaries
    assert f"Successfully executed action {inbox.topic}" in summaries
    assert any(summary.startswith("Failed to execute action") for summary in summaries)
    only = cloudwatch.describe_alarm_history(AlarmName="alarm", HistoryItemType="StateUpdate", MaxRecords=1)
    assert len(only["AlarmHistoryItems"]) == 1


def test_history_is_kept_for_thirty_days(cloudwatch, make_alarm, clock):
    make_alarm()
    cloudwatch.delete_alarms(AlarmNames=["alarm"])
    clock.advance(days=29)
    assert len(cloudwatch.describe_alarm_history(AlarmName="alarm")["AlarmHistoryItems"]) == 2
    clock.advance(days=3)
    assert cloudwatch.describe_alarm_history(AlarmName="alarm")["AlarmHistoryItems"] == []


# -- composite alarms


def test_a_composite_alarm_follows_its_children(cloudwatch, make_alarm, state):
    make_alarm("a")
    make_alarm("b")
    cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule='ALARM("a") AND NOT OK(b)')
    assert state("c") == "OK"
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="test")
    assert state("c") == "ALARM"
    cloudwatch.set_alarm_state(AlarmName="b", StateValue="OK", StateReason="test")
    assert state("c") == "OK"


def test_composite_alarms_are_shown_on_request_only(cloudwatch, make_alarm):
    make_alarm("a")
    cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(a)")
    assert cloudwatch.describe_alarms()["CompositeAlarms"] == []
    shown = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"], ParentsOfAlarmName="a")
    assert [alarm["AlarmName"] for alarm in shown["CompositeAlarms"]] == ["c"]


def test_an_alarm_that_a_composite_one_needs_stays(cloudwatch, make_alarm, refused):
    make_alarm("a")
    cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(a)")
    with refused("ResourceConflict"):
        cloudwatch.delete_alarms(AlarmNames=["a"])
    cloudwatch.delete_alarms(AlarmNames=["a", "c"])


def test_alarms_are_deleted_whatever_else_is_named(cloudwatch, make_alarm, refused):
    make_alarm("a")
    for name in ("c", "d"):
        cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule="ALARM(a)")
    with refused("ValidationError", "one composite alarm"):
        cloudwatch.delete_alarms(AlarmNames=["c", "d"])
    cloudwatch.delete_alarms(AlarmNames=["c", "nowhere"])
    shown = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert [alarm["AlarmName"] for alarm in shown] == ["d"]


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("TRUE", True),
        ("not false and ALARM(a)", True),
        ("NOT TRUE", False),
        ("ALARM(a) AND ALARM(b) OR TRUE", True),
        ("ALARM(a) AND (ALARM(b) OR TRUE)", True),
        ("OK(a) OR INSUFFICIENT_DATA(c)", True),
        ('ALARM("arn:aws:cloudwatch:us-east-1:1:alarm:a")', True),
        ("NOT ALARM(a) AND TRUE", False),
    ],
)
def test_rules(rule, holds):
    assert alarm_rules.parse(rule).holds({"a": "ALARM", "b": "OK"}) is holds


@pytest.mark.parametrize("rule", ["", "ALARM", "ALARM(a", "ALARM(a) ALARM(b)", "(TRUE", "TRUE AND", "GREEN(a)"])
def test_what_is_no_rule_is_refused(rule):
    with pytest.raises(alarm_rules.BadRule):
        alarm_rules.parse(rule)


def test_an_alarm_cannot_depend_on_itself(cloudwatch, make_alarm, refused):
    make_alarm("a")
    cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(a)")
    cloudwatch.put_composite_alarm(AlarmName="d", AlarmRule="ALARM(c)")
    with refused("ValidationError", "itself"):
        cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(d)")


# -- the rest


def test_alarms_come_in_pages(cloudwatch, make_alarm, refused):
    for nth in range(5):
        make_alarm(f"a{nth}")
    pages = list(cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["MetricAlarms"]) for page in pages] == [2, 2, 1]
    with refused("InvalidNextToken"):
        cloudwatch.describe_alarms(NextToken="garbage")


def test_alarms_are_found_by_their_metric(cloudwatch, make_alarm):
    make_alarm("a")
    make_alarm("b", MetricName="other")
    found = cloudwatch.describe_alarms_for_metric(Namespace="App", MetricName="m")["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in found] == ["a"]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Period": 45}, "InvalidParameterValue"),
        ({"ExtendedStatistic": "p99"}, "InvalidParameterCombination"),
        ({"EvaluationPeriods": 1441}, "ValidationError"),
        ({"DatapointsToAlarm": 2}, "ValidationError"),
        ({"TreatMissingData": "maybe"}, "ValidationError"),
        ({"AlarmActions": ["nothing"]}, "ValidationError"),
    ],
)
def test_bad_alarms_are_refused(make_alarm, refused, params, code):
    with refused(code):
        make_alarm(**params)


def test_what_is_not_there_is_not_found(cloudwatch, refused):
    with refused("ResourceNotFound"):
        cloudwatch.delete_alarms(AlarmNames=["nowhere"])
    with refused("ResourceNotFound"):
        cloudwatch.set_alarm_state(AlarmName="nowhere", StateValue="OK", StateReason="test")


def test_tags_of_alarms(cloudwatch, make_alarm, aws, refused):
    make_alarm(Tags=[{"Key": "a", "Value": "1"}])
    arn = f"arn:aws:cloudwatch:us-east-1:{aws.account}:alarm:alarm"
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    with refused("ResourceNotFoundException"):
        cloudwatch.list_tags_for_resource(ResourceARN=arn + "x")
