"""A declared resource: the operations, errors, pages and tags that follow from the model."""

import os

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import fogbank.services
from fogbank.testing import server

DECLARED = os.path.join(os.path.dirname(__file__), "declared")


@pytest.fixture(scope="module")
def endpoint():
    fogbank.services.__path__.append(DECLARED)
    with server() as running:
        yield running.endpoint
    fogbank.services.__path__.remove(DECLARED)


@pytest.fixture
def accelerators(endpoint, request):
    account = f"{abs(hash(request.node.name)) % 10**12:012d}"
    client = boto3.client(
        "globalaccelerator",
        region_name="us-west-2",
        endpoint_url=endpoint,
        aws_access_key_id=account,
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()


def create(client, name="one", **more):
    return client.create_accelerator(Name=name, IdempotencyToken=name, **more)["Accelerator"]


def test_a_created_record_is_described_with_what_was_asked_for_and_what_was_added(accelerators):
    created = create(accelerators, Enabled=True)
    described = accelerators.describe_accelerator(AcceleratorArn=created["AcceleratorArn"])["Accelerator"]
    assert described == created
    assert described["Name"] == "one" and described["Enabled"] and described["Status"] == "DEPLOYED"
    assert described["CreatedTime"] == described["LastModifiedTime"]


def test_an_update_changes_what_it_names_and_nothing_else(accelerators):
    arn = create(accelerators, Enabled=True)["AcceleratorArn"]
    updated = accelerators.update_accelerator(AcceleratorArn=arn, Enabled=False)["Accelerator"]
    assert (updated["Name"], updated["Enabled"]) == ("one", False)


def test_a_deleted_record_is_not_found_with_the_models_own_error(accelerators):
    arn = create(accelerators)["AcceleratorArn"]
    accelerators.delete_accelerator(AcceleratorArn=arn)
    with pytest.raises(accelerators.exceptions.AcceleratorNotFoundException):
        accelerators.describe_accelerator(AcceleratorArn=arn)


def test_all_pages_together_are_the_whole_list(accelerators):
    arns = {create(accelerators, f"a{number}")["AcceleratorArn"] for number in range(7)}
    pages = accelerators.get_paginator("list_accelerators").paginate(PaginationConfig={"PageSize": 3})
    listed = [[each["AcceleratorArn"] for each in page["Accelerators"]] for page in pages]
    assert [len(page) for page in listed] == [3, 3, 1]
    assert {arn for page in listed for arn in page} == arns


def test_a_token_that_was_not_given_out_is_refused(accelerators):
    with pytest.raises(accelerators.exceptions.InvalidNextTokenException):
        accelerators.list_accelerators(NextToken="garbage")


def test_tags_are_put_on_listed_and_taken_off(accelerators):
    arn = create(accelerators, Tags=[{"Key": "a", "Value": "1"}])["AcceleratorArn"]
    accelerators.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    accelerators.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert accelerators.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_tags_of_an_unknown_resource_are_refused(accelerators):
    with pytest.raises(accelerators.exceptions.AcceleratorNotFoundException):
        accelerators.list_tags_for_resource(ResourceArn="arn:aws:globalaccelerator::1:accelerator/none")


def test_derived_answers_are_labelled(accelerators):
    answer = accelerators.list_accelerators()
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-fogbank-fidelity"] == "derived"


def test_an_operation_that_nobody_declared_is_answered_as_not_implemented(accelerators):
    with pytest.raises(ClientError) as refused:
        accelerators.list_custom_routing_accelerators()
    assert refused.value.response["Error"]["Code"] == "NotImplemented"
    assert "globalaccelerator:ListCustomRoutingAccelerators" in refused.value.response["Error"]["Message"]
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
