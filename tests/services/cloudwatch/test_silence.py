"""What holds actions back: suppressors of composite alarms, and mute rules."""

from __future__ import annotations

import pytest

from fogbank.kernel.schedules import InvalidSchedule
from fogbank.services.cloudwatch import muting


@pytest.fixture
def turn(cloudwatch):
    def turn(name, value):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=value, StateReason="test")

    return turn


@pytest.fixture
def actions(cloudwatch, clock):
    """How many actions an alarm has tried to take."""

    def actions(name):
        clock.advance(seconds=1)
        items = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")["AlarmHistoryItems"]
        return sum("execut" in item["HistorySummary"] for item in items)

    return actions


@pytest.fixture
def nowhere(aws):
    return f"arn:aws:sns:us-east-1:{aws.account}:nowhere"


# -- suppressors


@pytest.fixture
def composite(cloudwatch, make_alarm, nowhere):
    make_alarm("child", TreatMissingData="ignore")
    make_alarm("quiet", TreatMissingData="ignore")
    cloudwatch.put_composite_alarm(
        AlarmName="composite",
        AlarmRule="ALARM(child)",
        AlarmActions=[nowhere],
        ActionsSuppressor="quiet",
        ActionsSuppressorWaitPeriod=60,
        ActionsSuppressorExtensionPeriod=120,
    )

    def by():
        found = cloudwatch.describe_alarms(AlarmNames=["composite"], AlarmTypes=["CompositeAlarm"])
        return found["CompositeAlarms"][0].get("ActionsSuppressedBy")

    return by


def test_a_suppressor_in_alarm_holds_actions_back(composite, turn, actions, clock):
    turn("quiet", "ALARM")
    turn("child", "ALARM")
    assert (composite(), actions("composite")) == ("Alarm", 0)
    turn("quiet", "OK")
    assert composite() == "ExtensionPeriod"
    clock.advance(seconds=121)
    assert (composite(), actions("composite")) == (None, 1)


def test_a_composite_alarm_waits_for_its_suppressor(composite, turn, actions, clock):
    turn("child", "ALARM")
    assert (composite(), actions("composite")) == ("WaitPeriod", 0)
    clock.advance(seconds=60)
    assert (composite(), actions("composite")) == (None, 1)


def test_what_is_over_before_the_wait_is_told_to_nobody(composite, turn, actions, clock):
    turn("child", "ALARM")
    turn("child", "OK")
    clock.advance(seconds=61)
    assert (composite(), actions("composite")) == (None, 0)


def test_without_its_suppressor_an_alarm_does_what_was_held_back(cloudwatch, composite, turn, actions, nowhere):
    turn("quiet", "ALARM")
    turn("child", "ALARM")
    cloudwatch.put_composite_alarm(AlarmName="composite", AlarmRule="ALARM(child)", AlarmActions=[nowhere])
    assert (actions("composite"), composite()) == (1, None)


def test_without_the_alarm_that_suppresses_it_an_alarm_is_free(cloudwatch, composite, turn, actions):
    turn("quiet", "ALARM")
    turn("child", "ALARM")
    cloudwatch.delete_alarms(AlarmNames=["quiet"])
    assert (actions("composite"), composite()) == (1, None)


def test_a_suppressor_brings_its_periods(cloudwatch, make_alarm, refused):
    make_alarm("child")
    with refused("ValidationError", "ActionsSuppressorWaitPeriod"):
        cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(child)", ActionsSuppressor="child")
    periods = {"ActionsSuppressorWaitPeriod": 1, "ActionsSuppressorExtensionPeriod": 1}
    with refused("ValidationError", "does not exist"):
        cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(child)", ActionsSuppressor="x", **periods)


# -- mute rules


@pytest.fixture
def mute(cloudwatch, make_alarm, nowhere):
    make_alarm(AlarmActions=[nowhere], TreatMissingData="ignore")

    def mute(expression="cron(* * * * *)", duration="PT10M", **params):
        rule = {"Schedule": {"Expression": expression, "Duration": duration}}
        cloudwatch.put_alarm_mute_rule(Name="rule", Rule=rule, MuteTargets={"AlarmNames": ["alarm"]}, **params)

    return mute


def test_what_is_muted_is_done_when_the_rule_is_gone(cloudwatch, mute, turn, actions):
    mute()
    turn("alarm", "ALARM")
    assert actions("alarm") == 0
    cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="rule")
    assert actions("alarm") == 1


def test_a_window_ends_by_itself(mute, turn, actions, clock):
    mute(ExpireDate=clock.now() + 120)
    turn("alarm", "ALARM")
    assert actions("alarm") == 0
    clock.advance(minutes=2)
    assert actions("alarm") >= 1


def test_an_alarm_that_is_over_stays_silent(cloudwatch, mute, turn, actions):
    mute()
    turn("alarm", "ALARM")
    turn("alarm", "OK")
    cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="rule")
    assert actions("alarm") == 0


def test_mute_rules_are_shown_with_their_status(cloudwatch, mute, clock, aws):
    mute("at(2099-01-01T00:00)", Description="a long rest", Tags=[{"Key": "a", "Value": "1"}])
    rule = cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="rule")
    assert rule["AlarmMuteRuleArn"] == f"arn:aws:cloudwatch:us-east-1:{aws.account}:alarm-mute-rule:rule"
    assert (rule["Status"], rule["MuteType"], rule["Description"]) == ("SCHEDULED", "ONE_TIME", "a long rest")
    assert rule["Rule"]["Schedule"]["Duration"] == "PT10M"
    assert cloudwatch.list_tags_for_resource(ResourceARN=rule["AlarmMuteRuleArn"])["Tags"][0]["Value"] == "1"
    assert cloudwatch.list_alarm_mute_rules(Statuses=["ACTIVE"])["AlarmMuteRuleSummaries"] == []
    mute()
    (summary,) = cloudwatch.list_alarm_mute_rules(AlarmName="alarm", Statuses=["ACTIVE"])["AlarmMuteRuleSummaries"]
    assert summary["MuteType"] == "RECURRING"


def test_a_mute_rule_that_is_not_there(cloudwatch, refused):
    cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="x")
    with refused("ResourceNotFoundException"):
        cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="x")


def test_windows_of_mute_rules():
    def window(expression, duration, now, zone="UTC"):
        rule = muting.MuteRule("r", {"Expression": expression, "Duration": duration, "Timezone": zone}, 0)
        return muting.window(rule, now)

    saturday = 1_700_265_600  # 18 November 2023, 00:00 UTC
    assert window("cron(0 18 * * FRI)", "P2DT12H", saturday) == saturday + 54 * 3600
    assert window("cron(0 18 * * 5)", "PT6H", saturday) is None
    assert window("cron(0 1 * * *)", "PT1H", saturday, "Europe/Berlin") == saturday + 3600
    assert window("at(2023-11-17T23:00)", "PT2H", saturday) == saturday + 3600


@pytest.mark.parametrize(
    ("expression", "duration"),
    [("rate(1 day)", "PT1H"), ("cron(0 1 * *)", "PT1H"), ("cron(0 1 1 * MON)", "PT1H"), ("cron(0 1 * * *)", "P16D")],
)
def test_bad_schedules_are_refused(mute, refused, expression, duration):
    with refused("ValidationError"):
        mute(expression, duration)


def test_a_schedule_needs_its_fields():
    with pytest.raises(InvalidSchedule):
        muting.duration_of("PT")


def test_reasons_of_a_composite_alarm_that_are_set_may_have_any_form(cloudwatch, make_alarm, aws, clock):
    topic = aws("sns").create_topic(Name="t")["TopicArn"]
    make_alarm()
    cloudwatch.put_composite_alarm(AlarmName="all", AlarmRule="ALARM(alarm)", AlarmActions=[topic])
    data = '{"triggeringAlarms": [5]}'
    cloudwatch.set_alarm_state(AlarmName="all", StateValue="ALARM", StateReason="test", StateReasonData=data)
    clock.advance(seconds=1)
    items = cloudwatch.describe_alarm_history(AlarmName="all", HistoryItemType="Action")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in items] == [f"Successfully executed action {topic}"]
