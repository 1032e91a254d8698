"""Provisioned concurrency: environments that are there before they are needed."""

import time

import pytest
from botocore.exceptions import ClientError

from tests.services.lambda_.functions import code

PID = (
    "import os\nkind = os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n"
    "def handler(event, context):\n    return os.getpid(), kind\n"
)


@pytest.fixture
def published(functions):
    functions.make(PID)
    functions.client.publish_version(FunctionName="f")
    return functions


def _ready(functions, qualifier="1"):
    until = time.monotonic() + 15
    while time.monotonic() < until:
        found = functions.client.get_provisioned_concurrency_config(FunctionName="f", Qualifier=qualifier)
        if found["Status"] != "IN_PROGRESS":
            return found
        time.sleep(0.02)
    raise AssertionError("it is still in progress")


def test_environments_are_initialised_beforehand(published):
    client = published.client
    made = client.put_provisioned_concurrency_config(FunctionName="f", Qualifier="1", ProvisionedConcurrentExecutions=2)
    assert (made["Status"], made["RequestedProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 2)
    ready = _ready(published)
    assert (ready["Status"], ready["AllocatedProvisionedConcurrentExecutions"]) == ("READY", 2)
    (_, kind), _ = published.call(Qualifier="1")
    assert kind == "provisioned-concurrency"
    (_, kind), _ = published.call()
    assert kind == "on-demand"


def test_an_alias_takes_its_environments_to_another_version(published):
    client = published.client
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    client.put_provisioned_concurrency_config(FunctionName="f", Qualifier="live", ProvisionedConcurrentExecutions=1)
    _ready(published, "live")
    listed = client.list_provisioned_concurrency_configs(FunctionName="f")["ProvisionedConcurrencyConfigs"]
    assert [each["FunctionArn"].rpartition(":")[2] for each in listed] == ["live"]
    client.delete_provisioned_concurrency_config(FunctionName="f", Qualifier="live")
    with pytest.raises(ClientError) as error:
        client.get_provisioned_concurrency_config(FunctionName="f", Qualifier="live")
    assert code(error) == "ProvisionedConcurrencyConfigNotFoundException"


def test_a_function_that_cannot_start_is_not_ready(functions):
    functions.make("raise ValueError('no')\n")
    functions.client.publish_version(FunctionName="f")
    functions.client.put_provisioned_concurrency_config(
        FunctionName="f", Qualifier="1", ProvisionedConcurrentExecutions=1
    )
    assert _ready(functions)["Status"] == "FAILED"


def test_the_unpublished_version_has_none(published):
    with pytest.raises(ClientError, match="unpublished function versions") as error:
        published.client.put_provisioned_concurrency_config(
            FunctionName="f", Qualifier="$LATEST", ProvisionedConcurrentExecutions=1
        )
    assert code(error) == "InvalidParameterValueException"


def test_no_more_than_are_reserved_are_provisioned(published):
    published.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)
    with pytest.raises(ClientError, match="should not be greater than the reservedConcurrentExecution"):
        published.client.put_provisioned_concurrency_config(
            FunctionName="f", Qualifier="1", ProvisionedConcurrentExecutions=2
        )
    published.client.put_provisioned_concurrency_config(
        FunctionName="f", Qualifier="1", ProvisionedConcurrentExecutions=1
    )
    with pytest.raises(ClientError, match=r"should not be lower than function's total provisioned concurrency \[1\]"):
        published.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
