"""Capacity providers, and the functions that run on them."""

import json
import threading
import time

import pytest
from botocore.exceptions import ClientError

from tests.services.cloud_client import Cloud
from tests.services.lambda_.functions import ECHO, TRUST, code

NETWORK = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}


@pytest.fixture
def operator(functions):
    iam = functions.aws("iam")
    return iam.create_role(RoleName="operator", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]


@pytest.fixture
def provider(functions, operator):
    """Makes a provider, and waits until it is settled. Returns its ARN."""

    def make(name="p", role=operator, **options):
        permissions = {"CapacityProviderOperatorRoleArn": role}
        made = functions.client.create_capacity_provider(
            CapacityProviderName=name, VpcConfig=NETWORK, PermissionsConfig=permissions, **options
        )["CapacityProvider"]
        assert made["State"] == "Pending"
        for _ in range(500):
            if state_of(functions.client, name) != "Pending":
                break
        return made["CapacityProviderArn"]

    return make


@pytest.fixture
def on_provider(functions, provider):
    """Makes a function on a provider."""

    def make(source=ECHO, **options):
        config = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": provider()}}
        return functions.make(source, MemorySize=2048, CapacityProviderConfig=config, **options)

    return make


def state_of(client, name="p"):
    return client.get_capacity_provider(CapacityProviderName=name)["CapacityProvider"]["State"]


def applied(client):
    """The scaling configuration of version 1, once it is applied."""
    for _ in range(500):
        found = client.get_function_scaling_config(FunctionName="f", Qualifier="1")
        if "AppliedFunctionScalingConfig" in found:
            return found["AppliedFunctionScalingConfig"]
        time.sleep(0.01)
    raise AssertionError(found)


# -- providers


def test_a_provider_is_described_changed_and_deleted(functions, provider, operator):
    client = functions.client
    arn = provider(CapacityProviderScalingConfig={"MaxVCpuCount": 10}, Tags={"a": "b"})
    found = client.get_capacity_provider(CapacityProviderName="p")["CapacityProvider"]
    assert found.pop("LastModified")
    assert found == {
        "CapacityProviderArn": f"arn:aws:lambda:us-east-1:{functions.aws.account}:capacity-provider:p",
        "State": "Active",
        "VpcConfig": NETWORK,
        "PermissionsConfig": {"CapacityProviderOperatorRoleArn": operator},
        "CapacityProviderScalingConfig": {"MaxVCpuCount": 10, "ScalingMode": "Auto"},
    }
    assert client.list_tags(Resource=arn)["Tags"] == {"a": "b"}
    client.update_capacity_provider(CapacityProviderName=arn, CapacityProviderScalingConfig={"MaxVCpuCount": 20})
    (listed,) = client.list_capacity_providers(State="Active")["CapacityProviders"]
    assert listed["CapacityProviderScalingConfig"]["MaxVCpuCount"] == 20
    assert client.delete_capacity_provider(CapacityProviderName="p")["CapacityProvider"]["State"] == "Deleting"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        for _ in range(500):
            state_of(client)


def test_a_provider_whose_operator_role_cannot_be_assumed_fails(functions, provider):
    iam = functions.aws("iam")
    trust = json.dumps(TRUST).replace("lambda.amazonaws.com", "ec2.amazonaws.com")
    role = iam.create_role(RoleName="other", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    provider(role=role)
    assert state_of(functions.client) == "Failed"


def test_a_name_is_given_once(provider):
    provider()
    with pytest.raises(ClientError) as refused:
        provider()
    assert code(refused) == "ResourceConflictException"


def test_providers_come_in_pages(functions, provider):
    for name in "abc":
        provider(name)
    pages = functions.client.get_paginator("list_capacity_providers").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["CapacityProviders"]) for page in pages] == [2, 1]
    with pytest.raises(ClientError, match="Invalid marker"):
        functions.client.list_capacity_providers(Marker="nonsense")


def test_a_provider_in_use_is_not_deleted(functions, on_provider):
    on_provider()
    functions.client.publish_version(FunctionName="f")
    with pytest.raises(functions.client.exceptions.ResourceConflictException, match="is used by"):
        functions.client.delete_capacity_provider(CapacityProviderName="p")
    (version,) = functions.client.list_function_versions_by_capacity_provider(CapacityProviderName="p")[
        "FunctionVersions"
    ]
    assert version["FunctionArn"].endswith(":function:f:1")


# -- functions


def test_a_function_needs_a_provider_that_is_there(functions):
    arn = f"arn:aws:lambda:us-east-1:{functions.aws.account}:capacity-provider:none"
    config = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": arn}}
    with pytest.raises(ClientError, match="does not exist or is not active"):
        functions.make(MemorySize=2048, CapacityProviderConfig=config)


def test_a_function_on_a_provider_needs_memory(functions, provider):
    config = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": provider()}}
    with pytest.raises(ClientError, match="at least 2048 MB"):
        functions.make(MemorySize=1024, CapacityProviderConfig=config)


def test_only_published_versions_can_be_invoked(functions, on_provider):
    on_provider()
    with pytest.raises(functions.client.exceptions.NoPublishedVersionException):
        functions.call()
    functions.client.publish_version(FunctionName="f")
    assert functions.call({"n": 1}, Qualifier="1")[0]["event"] == {"n": 1}


def test_a_published_version_has_three_environments_before_anybody_asks(functions, on_provider):
    on_provider("import os\ndef handler(event, context):\n    return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n")
    functions.client.publish_version(FunctionName="f")
    assert applied(functions.client) == {"MinExecutionEnvironments": 3}
    assert functions.call(Qualifier="1") == ("provisioned-concurrency", None)


# -- scaling


def test_a_version_has_no_more_environments_than_it_may(functions, on_provider):
    on_provider("import time\ndef handler(event, context):\n    time.sleep(event['seconds'])\n")
    functions.client.publish_version(FunctionName="f")
    wanted = {"MinExecutionEnvironments": 1, "MaxExecutionEnvironments": 1}
    functions.client.put_function_scaling_config(FunctionName="f", Qualifier="1", FunctionScalingConfig=wanted)
    assert applied(functions.client) == wanted
    slow = threading.Thread(target=lambda: functions.call({"seconds": 1}, Qualifier="1"))
    slow.start()
    time.sleep(0.3)
    with pytest.raises(functions.client.exceptions.TooManyRequestsException):
        functions.call({"seconds": 0}, Qualifier="1")
    slow.join()


def test_other_functions_have_no_scaling_configuration(functions):
    functions.make()
    functions.client.publish_version(FunctionName="f")
    with pytest.raises(functions.client.exceptions.InvalidParameterValueException, match="capacity provider"):
        functions.client.get_function_scaling_config(FunctionName="f", Qualifier="1")


def test_the_least_is_not_more_than_the_most(functions, on_provider):
    on_provider()
    functions.client.publish_version(FunctionName="f")
    wanted = {"MinExecutionEnvironments": 5, "MaxExecutionEnvironments": 2}
    with pytest.raises(ClientError, match="must not be greater"):
        functions.client.put_function_scaling_config(FunctionName="f", Qualifier="1", FunctionScalingConfig=wanted)


def test_versions_are_published_by_number_only(functions, on_provider):
    on_provider()
    with pytest.raises(ClientError, match="PublishTo"):
        functions.client.publish_version(FunctionName="f", PublishTo="LATEST_PUBLISHED")


# -- CloudFormation


def test_a_provider_is_a_type_of_cloudformation(functions, operator, clock):
    cloud, kind = Cloud(functions.aws("cloudcontrol"), clock), "AWS::Lambda::CapacityProvider"
    permissions = {"CapacityProviderOperatorRoleArn": operator}
    name = cloud.create(kind, VpcConfig=NETWORK, PermissionsConfig=permissions)
    found = cloud.read(kind, name)
    assert (found["State"], found["VpcConfig"]) == ("Active", NETWORK)
    scaling = {"MaxVCpuCount": 8, "ScalingMode": "Auto"}
    cloud.update(kind, name, {"op": "replace", "path": "/CapacityProviderScalingConfig", "value": scaling})
    assert cloud.read(kind, name)["CapacityProviderScalingConfig"] == scaling
    cloud.delete(kind, name)
    assert functions.client.list_capacity_providers()["CapacityProviders"] == []
