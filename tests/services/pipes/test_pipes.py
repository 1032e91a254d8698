"""Pipes: what is kept of them, their states, what is refused."""

import pytest

from tests.services.pipes.conftest import until


def test_a_pipe_is_answered_as_it_was_made_with_its_defaults(pipes, make, source, target, role, aws):
    made = make(Description="d", Tags={"a": "1"}, TargetParameters={"InputTemplate": "<$.body>"})
    assert made["Arn"] == f"arn:aws:pipes:us-east-1:{aws.account}:pipe/p"
    assert (made["CurrentState"], made["DesiredState"]) == ("CREATING", "RUNNING")
    found = pipes.describe_pipe(Name="p")
    assert (found["CurrentState"], found["StateReason"]) == ("RUNNING", "USER_INITIATED")
    assert (found["Source"], found["Target"], found["RoleArn"]) == (source.arn, target.arn, role)
    assert found["SourceParameters"] == {"SqsQueueParameters": {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 0}}
    assert (found["Description"], found["Tags"]) == ("d", {"a": "1"})
    assert found["TargetParameters"] == {"InputTemplate": "<$.body>"}


def test_a_pipe_goes_through_its_states(pipes, make, settled, refused):
    make(DesiredState="STOPPED")
    assert settled() == "STOPPED"
    with refused("ConflictException"):
        pipes.stop_pipe(Name="p")
    started = pipes.start_pipe(Name="p")
    assert (started["CurrentState"], started["DesiredState"]) == ("STARTING", "RUNNING")
    assert settled() == "RUNNING"
    with refused("ConflictException"):
        pipes.start_pipe(Name="p")
    assert pipes.stop_pipe(Name="p")["CurrentState"] == "STOPPING"
    assert settled() == "STOPPED"
    deleted = pipes.delete_pipe(Name="p")
    assert (deleted["CurrentState"], deleted["DesiredState"]) == ("DELETING", "DELETED")
    assert until(lambda: not pipes.list_pipes()["Pipes"])
    with refused("NotFoundException", "Pipe p does not exist."):
        pipes.describe_pipe(Name="p")


def test_a_stopped_pipe_reads_nothing_and_a_started_one_goes_on(pipes, make, settled, source, target):
    make(DesiredState="STOPPED")
    source.send("one")
    assert source.left() == 1
    pipes.start_pipe(Name="p")
    assert len(target.take()) == 1
    assert until(lambda: source.left() == 0)
    pipes.stop_pipe(Name="p")
    assert settled() == "STOPPED"
    source.send("two")
    assert (source.left(), target.left()) == (1, 0)


def test_a_name_is_taken_once(make, refused):
    make()
    with refused("ConflictException", "Pipe p already exists."):
        make()


def test_criteria_without_filters_take_the_filters_away(pipes, make, settled, role):
    make(SourceParameters={"FilterCriteria": {"Filters": [{"Pattern": '{"body": ["x"]}'}]}})
    pipes.update_pipe(Name="p", RoleArn=role, SourceParameters={"FilterCriteria": {}})
    assert "FilterCriteria" not in pipes.describe_pipe(Name="p")["SourceParameters"]


def test_an_update_counts_at_once_and_leaves_what_it_does_not_name(pipes, make, settled, source, target, role):
    make(Description="d", TargetParameters={"InputTemplate": "one <$.body>"})
    updated = pipes.update_pipe(Name="p", RoleArn=role, TargetParameters={"InputTemplate": "two <$.body>"})
    assert updated["CurrentState"] == "UPDATING"
    assert settled() == "RUNNING"
    source.send("x")
    assert target.bodies() == ["two x"]
    assert pipes.describe_pipe(Name="p")["Description"] == "d"


def test_pipes_are_listed_by_page_and_by_what_they_are(pipes, make, source, target, make_queue, refused):
    other = make_queue("other")
    make("a1", DesiredState="STOPPED")
    make("a2", Target=other.arn, DesiredState="STOPPED")
    make("b1")
    pages = pipes.get_paginator("list_pipes").paginate(PaginationConfig={"PageSize": 1})
    assert [each["Name"] for page in pages for each in page["Pipes"]] == ["a1", "a2", "b1"]

    def names(**options):
        return [each["Name"] for each in pipes.list_pipes(**options)["Pipes"]]

    assert names(NamePrefix="a") == ["a1", "a2"]
    assert names(TargetPrefix=other.arn) == ["a2"]
    assert names(SourcePrefix=other.arn) == []
    assert names(CurrentState="RUNNING") == ["b1"]
    assert names(DesiredState="STOPPED") == ["a1", "a2"]
    with refused("ValidationException", "NextToken"):
        pipes.list_pipes(NextToken="nonsense")


def test_tags_go_round(pipes, make, refused):
    arn = make(Tags={"a": "1"})["Arn"]
    pipes.tag_resource(resourceArn=arn, tags={"b": "2", "c": "3"})
    pipes.untag_resource(resourceArn=arn, tagKeys=["b", "none"])
    assert pipes.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "1", "c": "3"}
    with refused("ValidationException", "aws:"):
        pipes.tag_resource(resourceArn=arn, tags={"aws:x": "1"})
    with refused("NotFoundException"):
        pipes.list_tags_for_resource(resourceArn=arn + "x")


# -- refusing


QUEUE = {"SqsQueueParameters": {"BatchSize": 20}}
KINESIS = "arn:aws:kinesis:us-east-1:123456789012:stream/s"


@pytest.mark.parametrize(
    "options, message",
    [
        ({"Source": "arn:aws:sns:us-east-1:123456789012:t"}, "is not a supported source of a pipe."),
        ({"Target": "arn:aws:s3:::bucket"}, "is not a supported target of a pipe."),
        ({"Enrichment": "arn:aws:sqs:us-east-1:123456789012:q"}, "is not a supported enrichment of a pipe."),
        ({"Source": KINESIS}, "KinesisStreamParameters.StartingPosition is required"),
        (
            {"Source": KINESIS, "SourceParameters": {"KinesisStreamParameters": {"StartingPosition": "AT_TIMESTAMP"}}},
            "StartingPositionTimestamp",
        ),
        (
            {"SourceParameters": {"KinesisStreamParameters": {"StartingPosition": "LATEST"}}},
            "does not match the source",
        ),
        ({"SourceParameters": QUEUE}, "MaximumBatchingWindowInSeconds must be greater than 0"),
        (
            {"SourceParameters": {"SqsQueueParameters": {"BatchSize": 20, "MaximumBatchingWindowInSeconds": 5}}},
            "BatchSize must not be larger than 10, which is the most that the target takes.",
        ),
        ({"SourceParameters": {"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}}, "Event pattern is not valid."),
        ({"Target": KINESIS}, "TargetParameters.KinesisStreamParameters.PartitionKey is required"),
        ({"Target": "arn:aws:sqs:us-east-1:123456789012:q.fifo"}, "SqsQueueParameters.MessageGroupId is required"),
        ({"TargetParameters": {"LambdaFunctionParameters": {}}}, "does not match the target"),
        ({"TargetParameters": {"InputTemplate": "<aws.pipes.nothing>"}}, "Unknown variable <aws.pipes.nothing>."),
    ],
)
def test_what_could_not_work_is_refused_and_nothing_is_kept(pipes, make, refused, options, message):
    with refused("ValidationException", message):
        make(**options)
    assert pipes.list_pipes()["Pipes"] == []


@pytest.mark.parametrize(
    "options",
    [
        {"Source": "arn:aws:kafka:us-east-1:123456789012:cluster/c/1"},
        {"Source": "arn:aws:mq:us-east-1:123456789012:broker:b:1"},
        {"Source": "smk://broker.example.com:9092"},
        {"Target": "arn:aws:ecs:us-east-1:123456789012:cluster/c"},
    ],
)
def test_what_is_not_there_yet_is_refused_when_the_pipe_is_made(make, refused, options):
    with refused("NotImplemented"):
        make(**options)


def test_the_role_has_to_trust_pipes(make, make_role, refused):
    with refused("ValidationException", "cannot be assumed by principal 'pipes.amazonaws.com'"):
        make(RoleArn=make_role(name="other", service="events.amazonaws.com"))


def test_a_pipe_whose_role_may_not_read_fails_and_starts_when_it_may(pipes, make, make_role, settled, aws):
    role = make_role("sqs:SendMessage", name="sending")
    make(RoleArn=role)
    found = pipes.describe_pipe(Name="p")
    assert found["CurrentState"] == "CREATE_FAILED"
    sentence = "The provided customer role does not have permissions to call ReceiveMessage on SQS"
    assert found["StateReason"] == f"Input parameter is invalid from the request due to : {sentence}"
    aws("iam").put_role_policy(
        RoleName="sending",
        PolicyName="p",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
    )
    pipes.start_pipe(Name="p")
    assert settled() == "RUNNING"


def test_a_pipe_whose_source_is_not_there_fails(pipes, make, source):
    make(Source=source.arn + "2")
    assert pipes.describe_pipe(Name="p")["CurrentState"] == "CREATE_FAILED"
