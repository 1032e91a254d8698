"""Parameters as CloudFormation and Cloud Control see them."""

from __future__ import annotations

import pytest

from tests.services.cloud_client import Cloud

PARAMETER = "AWS::SSM::Parameter"


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


def test_a_parameter_is_made_changed_and_deleted(ssm, cloud, get, described, refused):
    name = cloud.create(PARAMETER, Name="/app/db", Type="String", Value="x", Tags={"team": "red"}, Description="first")
    assert name == "/app/db"
    assert cloud.read(PARAMETER, name) == {"Name": name, "Type": "String", "Value": "x", "DataType": "text"}
    assert described()["Description"] == "first"
    cloud.update(
        PARAMETER,
        name,
        {"op": "replace", "path": "/Value", "value": "y"},
        {"op": "add", "path": "/Tags", "value": {"team": "blue"}},
    )
    assert get()["Value"] == "y"
    tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    assert tags == [{"Key": "team", "Value": "blue"}]
    cloud.delete(PARAMETER, name)
    with refused("ParameterNotFound"):
        get()


def test_a_template_makes_no_secure_string(cloud):
    with pytest.raises(AssertionError, match="SecureString"):
        cloud.create(PARAMETER, Type="SecureString", Value="x")
