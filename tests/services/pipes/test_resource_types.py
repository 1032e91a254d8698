"""AWS::Pipes::Pipe through Cloud Control."""

import pytest

from tests.services.cloud_client import Cloud


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


def test_a_pipe(cloud, pipes, source, target, role):
    filters = {"Filters": [{"Pattern": '{"body": ["a"]}'}]}
    name = cloud.create(
        "AWS::Pipes::Pipe",
        Name="p",
        Source=source.arn,
        Target=target.arn,
        RoleArn=role,
        SourceParameters={"FilterCriteria": filters},
        TargetParameters={"InputTemplate": "<$.body>"},
        Tags={"team": "a"},
    )
    source.send("a")
    assert target.bodies() == ["a"]
    cloud.update(
        "AWS::Pipes::Pipe",
        name,
        {"op": "add", "path": "/Description", "value": "d"},
        {"op": "remove", "path": "/SourceParameters/FilterCriteria"},
        {"op": "replace", "path": "/Tags", "value": {"team": "b"}},
    )
    found = cloud.read("AWS::Pipes::Pipe", name)
    assert (found["Description"], found["Tags"], found["CurrentState"]) == ("d", {"team": "b"}, "RUNNING")
    assert "FilterCriteria" not in found.get("SourceParameters", {})
    source.send("b")
    assert target.bodies() == ["b"]
    cloud.delete("AWS::Pipes::Pipe", name)
    assert pipes.list_pipes()["Pipes"] == []
