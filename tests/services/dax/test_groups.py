"""Parameter groups and subnet groups."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

DEFAULTS = {"query-ttl-millis": "300000", "record-ttl-millis": "300000"}


@pytest.fixture
def refused(dax):
    def refused(operation, **params):
        with pytest.raises(ClientError) as caught:
            getattr(dax, operation)(**params)
        return caught.value.response["Error"]["Code"]

    return refused


def values(answer):
    return {parameter["ParameterName"]: parameter["ParameterValue"] for parameter in answer["Parameters"]}


def test_the_default_groups_are_there_and_reserved(dax, refused):
    assert [group["ParameterGroupName"] for group in dax.describe_parameter_groups()["ParameterGroups"]] == [
        "default.dax1.0"
    ]
    assert [group["SubnetGroupName"] for group in dax.describe_subnet_groups()["SubnetGroups"]] == ["default"]
    assert values(dax.describe_parameters(ParameterGroupName="default.dax1.0")) == DEFAULTS
    assert values(dax.describe_default_parameters()) == DEFAULTS
    assert refused("delete_parameter_group", ParameterGroupName="default.dax1.0") == "InvalidParameterValueException"
    assert refused("delete_subnet_group", SubnetGroupName="default") == "InvalidParameterValueException"


def test_parameters_are_set(dax, refused):
    dax.create_parameter_group(ParameterGroupName="Mine", Description="d")
    change = [{"ParameterName": "query-ttl-millis", "ParameterValue": "0"}]
    dax.update_parameter_group(ParameterGroupName="mine", ParameterNameValues=change)
    assert values(dax.describe_parameters(ParameterGroupName="mine")) == {**DEFAULTS, "query-ttl-millis": "0"}
    for name, value in (("ttl", "1"), ("query-ttl-millis", "-1"), ("query-ttl-millis", "soon")):
        change = [{"ParameterName": name, "ParameterValue": value}]
        code = refused("update_parameter_group", ParameterGroupName="mine", ParameterNameValues=change)
        assert code == "InvalidParameterValueException"


def test_a_parameter_group_lives_from_creation_to_deletion(dax, refused):
    dax.create_parameter_group(ParameterGroupName="mine")
    assert refused("create_parameter_group", ParameterGroupName="mine") == "ParameterGroupAlreadyExistsFault"
    dax.delete_parameter_group(ParameterGroupName="mine")
    assert refused("delete_parameter_group", ParameterGroupName="mine") == "ParameterGroupNotFoundFault"
    assert refused("describe_parameters", ParameterGroupName="mine") == "ParameterGroupNotFoundFault"
    assert refused("describe_parameter_groups", ParameterGroupNames=["mine"]) == "ParameterGroupNotFoundFault"


def test_a_subnet_group_lives_from_creation_to_deletion(dax, refused, make_cluster):
    subnets = ["subnet-12345678", "subnet-0123456789abcdef0"]
    made = dax.create_subnet_group(SubnetGroupName="mine", SubnetIds=subnets)["SubnetGroup"]
    assert [subnet["SubnetIdentifier"] for subnet in made["Subnets"]] == subnets
    assert refused("create_subnet_group", SubnetGroupName="mine", SubnetIds=subnets) == "SubnetGroupAlreadyExistsFault"
    changed = dax.update_subnet_group(SubnetGroupName="mine", SubnetIds=subnets[:1], Description="d")["SubnetGroup"]
    assert len(changed["Subnets"]) == 1 and changed["Description"] == "d"
    dax.delete_subnet_group(SubnetGroupName="mine")
    assert refused("update_subnet_group", SubnetGroupName="mine") == "SubnetGroupNotFoundFault"


def test_a_subnet_group_in_use_stays(dax, refused, make_cluster):
    dax.create_subnet_group(SubnetGroupName="mine", SubnetIds=["subnet-12345678"])
    make_cluster(SubnetGroupName="mine")
    assert refused("delete_subnet_group", SubnetGroupName="mine") == "SubnetGroupInUseFault"


def test_subnets_have_to_look_like_subnets(refused):
    assert refused("create_subnet_group", SubnetGroupName="mine", SubnetIds=["net-1"]) == "InvalidSubnet"
    many = [f"subnet-{number:08x}" for number in range(21)]
    assert refused("create_subnet_group", SubnetGroupName="mine", SubnetIds=many) == "SubnetQuotaExceededFault"
