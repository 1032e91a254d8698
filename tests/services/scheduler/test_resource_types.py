"""AWS::Scheduler::* through Cloud Control."""

import pytest

from tests.services.cloud_client import Cloud

OFF = {"Mode": "OFF"}


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


def test_a_schedule_in_a_group(cloud, scheduler, queue, role):
    target = {"Arn": queue.arn, "RoleArn": role, "Input": "hello"}
    group = cloud.create("AWS::Scheduler::ScheduleGroup", Name="g", Tags=[{"Key": "team", "Value": "a"}])
    name = cloud.create(
        "AWS::Scheduler::Schedule",
        Name="s",
        GroupName=group,
        ScheduleExpression="rate(1 hour)",
        StartDate="2080-01-01T00:00:00Z",
        FlexibleTimeWindow=OFF,
        Target=target,
    )
    found = cloud.read("AWS::Scheduler::Schedule", name)
    assert (found["GroupName"], found["StartDate"]) == ("g", "2080-01-01T00:00:00Z")
    cloud.update(
        "AWS::Scheduler::Schedule",
        name,
        {"op": "replace", "path": "/ScheduleExpression", "value": "rate(2 hours)"},
        {"op": "remove", "path": "/GroupName"},
    )
    found = scheduler.get_schedule(Name="s")
    assert (found["GroupName"], found["ScheduleExpression"]) == ("default", "rate(2 hours)")
    assert scheduler.list_schedules(GroupName="g")["Schedules"] == []
    cloud.delete("AWS::Scheduler::Schedule", name)
    assert scheduler.list_schedules()["Schedules"] == []


def test_tags_of_a_group(cloud, scheduler):
    tags = [{"Key": "team", "Value": "a"}, {"Key": "old", "Value": "x"}]
    name = cloud.create("AWS::Scheduler::ScheduleGroup", Name="g", Tags=tags)
    change = {"op": "replace", "path": "/Tags", "value": [{"Key": "team", "Value": "b"}]}
    cloud.update("AWS::Scheduler::ScheduleGroup", name, change)
    found = cloud.read("AWS::Scheduler::ScheduleGroup", name)
    assert (found["Name"], found["State"], found["Tags"]) == ("g", "ACTIVE", [{"Key": "team", "Value": "b"}])
    cloud.delete("AWS::Scheduler::ScheduleGroup", name)
    assert [each["Name"] for each in scheduler.list_schedule_groups()["ScheduleGroups"]] == ["default"]
