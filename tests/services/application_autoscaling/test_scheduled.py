"""Scheduled actions."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.services.application_autoscaling.conftest import WRITES


@pytest.fixture
def put_action(scaling, target):
    def put(schedule=None, least=None, most=None, name="a", **more):
        bounds = {"MinCapacity": least, "MaxCapacity": most}
        given = {member: value for member, value in bounds.items() if value is not None}
        if schedule:
            more["Schedule"] = schedule
        if given:
            more["ScalableTargetAction"] = given
        scaling.put_scheduled_action(**WRITES, ScheduledActionName=name, **more)

    return put


def at(clock, **after):
    return f"at({datetime.fromtimestamp(clock.now(), UTC) + timedelta(**after):%Y-%m-%dT%H:%M:%S})"


def test_an_action_moves_the_bounds_and_with_them_the_capacity(put_action, scaling, clock, writes, activities):
    put_action(at(clock, hours=1), least=15, most=20)
    clock.advance(minutes=59)
    assert writes() == 5
    clock.advance(minutes=2)
    assert writes() == 15
    [found] = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert (found["MinCapacity"], found["MaxCapacity"]) == (15, 20)
    capacity, bounds = activities()
    assert capacity["Cause"] == "minimum capacity was set to 15"
    assert bounds["Cause"] == "scheduled action name a was triggered"
    assert bounds["Description"] == "Setting min capacity to 15 and max capacity to 20"
    assert bounds["StatusMessage"] == "Successfully set min capacity to 15 and max capacity to 20"


def test_a_recurring_action_follows_the_clock_of_its_zone_between_its_dates(put_action, clock, activities):
    now = datetime.fromtimestamp(clock.now(), UTC)
    day = timedelta(days=1)
    put_action("cron(0 9 * * ? *)", least=2, Timezone="Asia/Tokyo", StartTime=now + day, EndTime=now + 4 * day)
    clock.advance(days=6)
    moments = [each["StartTime"].astimezone(UTC) for each in activities() if "triggered" in each["Cause"]]
    assert {(moment.hour, moment.minute) for moment in moments} == {(0, 0)}  # nine o'clock in Tokyo
    assert len(moments) == 3
    assert all(now + day <= moment <= now + 4 * day for moment in moments)


def test_a_suspended_target_has_no_schedule(put_action, scaling, clock, writes, activities):
    scaling.register_scalable_target(**WRITES, SuspendedState={"ScheduledScalingSuspended": True})
    put_action("rate(1 hour)", least=15)
    clock.advance(minutes=61)
    assert (writes(), activities()) == (5, [])
    scaling.register_scalable_target(**WRITES, SuspendedState={"ScheduledScalingSuspended": False})
    clock.advance(minutes=60)
    assert writes() == 15


def test_an_action_is_described_and_changed_in_parts(put_action, scaling, clock, refused, aws):
    start = datetime.fromtimestamp(int(clock.now()) + 3600, UTC)
    put_action("rate(1 hour)", least=2, most=3, StartTime=start)
    [found] = scaling.describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"]
    assert found["ScheduledActionARN"].startswith(f"arn:aws:autoscaling:us-east-1:{aws.account}:scheduledAction:")
    assert found["ScheduledActionARN"].endswith(":resource/dynamodb/table/things:scheduledActionName/a")
    assert (found["StartTime"], found["ScalableTargetAction"]) == (start, {"MinCapacity": 2, "MaxCapacity": 3})
    put_action("rate(2 hours)")
    [found] = scaling.describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"]
    assert (found["Schedule"], found["ScalableTargetAction"]) == ("rate(2 hours)", {"MinCapacity": 2, "MaxCapacity": 3})
    assert "StartTime" not in found
    scaling.delete_scheduled_action(**WRITES, ScheduledActionName="a")
    with refused("ObjectNotFoundException", "scheduled action name: a"):
        scaling.delete_scheduled_action(**WRITES, ScheduledActionName="a")


def test_actions_that_cannot_be_are_refused(put_action, refused, clock):
    with refused(message="At least one of minimum capacity and maximum capacity should be provided"):
        put_action("rate(1 hour)")
    with refused(message="Schedule"):
        put_action(least=1)
    with refused(message="Invalid schedule expression"):
        put_action("rate(1 fortnight)", least=1)
    with refused(message="Invalid timezone"):
        put_action("cron(0 9 * * ? *)", least=1, Timezone="Nowhere/At_All")
    with refused(message="in the past"):
        put_action(at(clock, hours=-1), least=1)
    with refused():
        put_action("rate(1 hour)", least=4, most=3)
