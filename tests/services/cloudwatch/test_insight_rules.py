"""Contributor Insights over CloudWatch Logs."""

from __future__ import annotations

import json

import pytest

from fogbank.services.cloudwatch import contributor_rules
from fogbank.services.cloudwatch.contributor_rules import BadRule


def definition(**changes):
    whole = {
        "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
        "LogGroupNames": ["access*"],
        "LogFormat": "JSON",
        "Contribution": {
            "Keys": ["$.ip"],
            "ValueOf": "$.bytes",
            "Filters": [{"Match": "$.method", "In": ["PUT"]}],
        },
        "AggregateOn": "Sum",
    }
    return json.dumps(whole | changes)


@pytest.fixture
def log(aws, clock):
    logs = aws("logs")
    logs.create_log_group(logGroupName="access-1")
    logs.create_log_stream(logGroupName="access-1", logStreamName="s")

    def log(*messages):
        events = [{"timestamp": int(clock.now() * 1000), "message": message} for message in messages]
        logs.put_log_events(logGroupName="access-1", logStreamName="s", logEvents=events)

    return log


def test_a_report_ranks_contributors(cloudwatch, log, clock):
    cloudwatch.put_insight_rule(RuleName="r", RuleDefinition=definition())
    put = [{"ip": ip, "bytes": size, "method": "PUT"} for ip, size in (("a", 5), ("b", 20), ("a", 7))]
    log(*(json.dumps(each) for each in [*put, {"ip": "c", "bytes": 99, "method": "GET"}]), "no json")
    report = cloudwatch.get_insight_rule_report(
        RuleName="r",
        StartTime=clock.now() - 600,
        EndTime=clock.now() + 60,
        Period=60,
        Metrics=["UniqueContributors", "Maximum"],
    )
    assert [(each["Keys"], each["ApproximateAggregateValue"]) for each in report["Contributors"]] == [
        (["b"], 20),
        (["a"], 12),
    ]
    assert (report["KeyLabels"], report["AggregationStatistic"]) == (["$.ip"], "SUM")
    assert (report["AggregateValue"], report["ApproximateUniqueCount"]) == (32, 2)
    (point,) = report["MetricDatapoints"]
    assert (point["UniqueContributors"], point["Maximum"]) == (2, 20)


def test_metric_math_knows_the_metrics_of_a_rule(cloudwatch, log, clock):
    cloudwatch.put_insight_rule(RuleName="r", RuleDefinition=definition())
    log('{"ip": "a", "bytes": 5, "method": "PUT"}')
    queries = [{"Id": "e", "Expression": 'INSIGHT_RULE_METRIC("r", Sum)', "Period": 60}]
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=queries, StartTime=clock.now() - 600, EndTime=clock.now() + 60
    )
    assert answer["MetricDataResults"][0]["Values"] == [5]


def test_a_rule_counts_only_while_it_is_enabled(cloudwatch, log, clock):
    cloudwatch.put_insight_rule(RuleName="r", RuleDefinition=definition(), RuleState="DISABLED")
    log('{"ip": "a", "bytes": 5, "method": "PUT"}')
    clock.advance(seconds=1)
    assert cloudwatch.enable_insight_rules(RuleNames=["r", "x"])["Failures"][0]["FailureResource"] == "x"
    log('{"ip": "b", "bytes": 6, "method": "PUT"}')
    clock.advance(seconds=1)
    cloudwatch.disable_insight_rules(RuleNames=["r"])
    log('{"ip": "c", "bytes": 7, "method": "PUT"}')
    report = cloudwatch.get_insight_rule_report(
        RuleName="r", StartTime=clock.now() - 600, EndTime=clock.now() + 60, Period=60
    )
    assert report["AggregateValue"] == 6


def test_rules_are_listed_in_pages_and_deleted(cloudwatch):
    for name in ("a", "b"):
        cloudwatch.put_insight_rule(RuleName=name, RuleDefinition=definition())
    first = cloudwatch.describe_insight_rules(MaxResults=1)
    (second,) = cloudwatch.describe_insight_rules(NextToken=first["NextToken"])["InsightRules"]
    assert (second["Name"], second["State"], second["ManagedRule"]) == ("b", "ENABLED", False)
    cloudwatch.delete_insight_rules(RuleNames=["a"])
    assert len(cloudwatch.describe_insight_rules()["InsightRules"]) == 1


def test_a_rule_that_is_not_there_has_no_report(cloudwatch, refused, clock):
    with refused("ResourceNotFoundException", "The rule x does not exist."):
        cloudwatch.get_insight_rule_report(RuleName="x", StartTime=0, EndTime=clock.now(), Period=60)


def test_lines_of_web_servers_have_fields_by_place(log, cloudwatch, clock):
    rule = definition(
        LogFormat="CLF", Fields={"1": "ip", "6": "status"}, Contribution={"Keys": ["ip"]}, AggregateOn="Count"
    )
    cloudwatch.put_insight_rule(RuleName="r", RuleDefinition=rule)
    log('127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326')
    report = cloudwatch.get_insight_rule_report(
        RuleName="r", StartTime=clock.now() - 600, EndTime=clock.now() + 60, Period=60
    )
    assert report["Contributors"][0]["Keys"] == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        (definition(Schema={"Name": "x"}), "Schema"),
        (definition(LogFormat="XML"), "LogFormat"),
        (definition(AggregateOn="Count"), "ValueOf"),
        (definition(LogGroupNames=[]), "LogGroupNames"),
        (definition(Contribution={"Keys": []}, AggregateOn="Count"), "Keys"),
        (definition(Contribution={"Keys": ["ip"]}, AggregateOn="Count"), r"\$"),
    ],
)
def test_bad_definitions_are_refused(text, message):
    with pytest.raises(BadRule, match=message):
        contributor_rules.parse(text)


@pytest.mark.parametrize(
    ("test", "value", "fits"),
    [
        ({"NotIn": ["a"]}, "b", True),
        ({"StartsWith": ["ab", "cd"]}, "cde", True),
        ({"GreaterThan": 5}, "6", True),
        ({"LessThan": 5}, 6, False),
        ({"EqualTo": 5}, "x", False),
        ({"IsPresent": False}, "x", False),
    ],
)
def test_filters(test, value, fits):
    contribution = {"Keys": ["$.k"], "Filters": [{"Match": "$.f", **test}]}
    rule = contributor_rules.parse(definition(Contribution=contribution, AggregateOn="Count"))
    assert (contributor_rules.contribution(rule, {"k": "x", "f": value}) is not None) is fits


def test_an_alarm_watches_a_rule(cloudwatch, log, clock):
    cloudwatch.put_insight_rule(RuleName="r", RuleDefinition=definition())
    cloudwatch.put_metric_alarm(
        AlarmName="alarm",
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Metrics=[{"Id": "e", "Expression": 'INSIGHT_RULE_METRIC("r", Sum)', "Period": 60}],
    )
    log('{"ip": "a", "bytes": 5, "method": "PUT"}')
    clock.advance(minutes=1)
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert (alarm["StateValue"], alarm.get("EvaluationState")) == ("ALARM", None)
    cloudwatch.delete_insight_rules(RuleNames=["r"])
    clock.advance(minutes=1)
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert (alarm["StateValue"], alarm["EvaluationState"]) == ("ALARM", "EVALUATION_ERROR")


def test_a_wildcard_means_all_groups_however_many(aws, cloudwatch, clock):
    logs = aws("logs")
    for nth in range(51):
        logs.create_log_group(logGroupName=f"access-{nth:02}")
    logs.create_log_stream(logGroupName="access-50", logStreamName="s")
    cloudwatch.put_insight_rule(RuleName="r", RuleDefinition=definition())
    message = json.dumps({"ip": "a", "bytes": 5, "method": "PUT"})
    event = {"timestamp": int(clock.now() * 1000), "message": message}
    logs.put_log_events(logGroupName="access-50", logStreamName="s", logEvents=[event])
    span = {"StartTime": clock.now() - 600, "EndTime": clock.now() + 60}
    assert cloudwatch.get_insight_rule_report(RuleName="r", Period=60, **span)["AggregateValue"] == 5
