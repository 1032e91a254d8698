"""Schedule groups and their tags."""

import pytest


def test_the_default_group_is_always_there(scheduler, refused, aws):
    found = scheduler.get_schedule_group(Name="default")
    assert found["Arn"] == f"arn:aws:scheduler:us-east-1:{aws.account}:schedule-group/default"
    assert (found["Name"], found["State"]) == ("default", "ACTIVE")
    with refused("ConflictException", "Schedule group default already exists."):
        scheduler.create_schedule_group(Name="default")
    with refused("ValidationException"):
        scheduler.delete_schedule_group(Name="default")


def test_a_group_is_made_once_but_the_same_request_may_come_twice(scheduler, refused):
    arn = scheduler.create_schedule_group(Name="g", ClientToken="token")["ScheduleGroupArn"]
    assert scheduler.create_schedule_group(Name="g", ClientToken="token")["ScheduleGroupArn"] == arn
    with refused("ConflictException", "Schedule group g already exists."):
        scheduler.create_schedule_group(Name="g")


def test_groups_are_listed_by_page_and_prefix(scheduler, refused):
    for name in ("a1", "a2", "z"):
        scheduler.create_schedule_group(Name=name)
    pages = scheduler.get_paginator("list_schedule_groups").paginate(PaginationConfig={"PageSize": 3})
    assert [each["Name"] for page in pages for each in page["ScheduleGroups"]] == ["a1", "a2", "default", "z"]
    assert [each["Name"] for each in scheduler.list_schedule_groups(NamePrefix="a")["ScheduleGroups"]] == ["a1", "a2"]
    with refused("ValidationException", "NextToken"):
        scheduler.list_schedule_groups(NextToken="nonsense")


def test_a_group_goes_with_its_schedules(scheduler, schedule, queue, clock, refused):
    scheduler.create_schedule_group(Name="g")
    for number in range(3):
        schedule("rate(1 hour)", name=f"s{number}", GroupName="g", StartDate=clock.now() + 3600)
    schedule("rate(1 hour)", name="other", StartDate=clock.now() + 3600)
    scheduler.delete_schedule_group(Name="g")
    clock.advance(minutes=90)
    assert queue.bodies() == ["hello"]
    with refused("ResourceNotFoundException", "Schedule group g does not exist."):
        scheduler.get_schedule_group(Name="g")
    assert [each["Name"] for each in scheduler.list_schedules()["Schedules"]] == ["other"]


def test_groups_that_are_not_there_are_not_found(scheduler, refused):
    with refused("ResourceNotFoundException", "Schedule group g does not exist."):
        scheduler.get_schedule_group(Name="g")
    with refused("ResourceNotFoundException", "Schedule group g does not exist."):
        scheduler.delete_schedule_group(Name="g")


@pytest.mark.parametrize("name", ["g", "default"])
def test_tags_go_round(scheduler, refused, name):
    if name == "g":
        scheduler.create_schedule_group(Name=name, Tags=[{"Key": "a", "Value": "1"}])
    else:
        arn = scheduler.get_schedule_group(Name=name)["Arn"]
        scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    arn = scheduler.get_schedule_group(Name=name)["Arn"]
    scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}, {"Key": "c", "Value": "3"}])
    scheduler.untag_resource(ResourceArn=arn, TagKeys=["b", "none"])
    found = scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"]
    assert found == [{"Key": "a", "Value": "1"}, {"Key": "c", "Value": "3"}]
    with refused("ValidationException", "aws:"):
        scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "aws:x", "Value": "1"}])
    with refused("ResourceNotFoundException"):
        scheduler.list_tags_for_resource(ResourceArn=arn + "x")


def test_groups_of_regions_do_not_meet(aws, scheduler):
    scheduler.create_schedule_group(Name="g")
    elsewhere = aws("scheduler", region="eu-west-1").list_schedule_groups()["ScheduleGroups"]
    assert [each["Name"] for each in elsewhere] == ["default"]
