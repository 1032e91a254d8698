"""The five verbs, by way of queues: what Cloud Control makes, the service's own API sees."""

import json

import pytest
from botocore.exceptions import ClientError

QUEUE = "AWS::SQS::Queue"


@pytest.fixture
def cloud(aws):
    return aws("cloudcontrol")


@pytest.fixture
def done(cloud, clock):
    """Waits for a request to end and returns its progress event."""

    def wait(answer):
        token = answer["ProgressEvent"]["RequestToken"]
        for _ in range(100):
            event = cloud.get_resource_request_status(RequestToken=token)["ProgressEvent"]
            if event["OperationStatus"] not in ("PENDING", "IN_PROGRESS"):
                return event
            clock.advance(seconds=1)
        raise AssertionError(event)

    return wait


def create(cloud, done, **properties):
    return done(cloud.create_resource(TypeName=QUEUE, DesiredState=json.dumps(properties)))


def patch(cloud, done, identifier, *operations):
    return done(
        cloud.update_resource(TypeName=QUEUE, Identifier=identifier, PatchDocument=json.dumps(list(operations)))
    )


def properties(cloud, identifier):
    found = cloud.get_resource(TypeName=QUEUE, Identifier=identifier)
    assert found["ResourceDescription"]["Identifier"] == identifier
    return json.loads(found["ResourceDescription"]["Properties"])


def test_what_is_created_is_there_for_its_own_api(aws, cloud, done):
    event = create(cloud, done, QueueName="made", VisibilityTimeout=5, Tags=[{"Key": "a", "Value": "b"}])
    assert (event["OperationStatus"], event["Operation"], event["TypeName"]) == ("SUCCESS", "CREATE", QUEUE)
    sqs = aws("sqs")
    assert sqs.get_queue_url(QueueName="made")["QueueUrl"] == event["Identifier"]
    attributes = sqs.get_queue_attributes(QueueUrl=event["Identifier"], AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "5"
    assert sqs.list_queue_tags(QueueUrl=event["Identifier"])["Tags"] == {"a": "b"}
    assert json.loads(event["ResourceModel"])["Arn"] == attributes["QueueArn"]


def test_a_request_is_under_way_when_it_is_answered(cloud):
    answer = cloud.create_resource(TypeName=QUEUE, DesiredState=json.dumps({"QueueName": "soon"}))
    assert answer["ProgressEvent"]["OperationStatus"] == "IN_PROGRESS"
    assert "Identifier" not in answer["ProgressEvent"]


def test_what_its_own_api_made_is_read_and_listed(aws, cloud):
    url = aws("sqs").create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    assert properties(cloud, url)["FifoQueue"] is True
    listed = cloud.list_resources(TypeName=QUEUE)["ResourceDescriptions"]
    assert [each["Identifier"] for each in listed] == [url]


def test_a_list_comes_in_pages(aws, cloud):
    sqs = aws("sqs")
    urls = sorted(sqs.create_queue(QueueName=f"q{number}")["QueueUrl"] for number in range(5))
    pages = cloud.get_paginator("list_resources").paginate(TypeName=QUEUE, PaginationConfig={"PageSize": 2})
    found = [[each["Identifier"] for each in page["ResourceDescriptions"]] for page in pages]
    assert found == [urls[:2], urls[2:4], urls[4:]]
    with pytest.raises(ClientError, match="Invalid NextToken"):
        cloud.list_resources(TypeName=QUEUE, NextToken="nonsense")


def test_a_patch_changes_what_it_names(aws, cloud, done):
    url = create(cloud, done, QueueName="q", DelaySeconds=3, Tags=[{"Key": "old", "Value": "1"}])["Identifier"]
    event = patch(
        cloud,
        done,
        url,
        {"op": "replace", "path": "/DelaySeconds", "value": 7},
        {"op": "replace", "path": "/Tags", "value": [{"Key": "new", "Value": "2"}]},
        {"op": "add", "path": "/VisibilityTimeout", "value": 9},
    )
    assert event["OperationStatus"] == "SUCCESS"
    now = properties(cloud, url)
    assert (now["DelaySeconds"], now["VisibilityTimeout"]) == (7, 9)
    assert aws("sqs").list_queue_tags(QueueUrl=url)["Tags"] == {"new": "2"}


def test_what_can_only_be_given_on_creation_is_not_updated(cloud, done):
    url = create(cloud, done, QueueName="q")["Identifier"]
    with pytest.raises(
        cloud.exceptions.NotUpdatableException, match="createOnlyProperties \\[/properties/QueueName\\]"
    ):
        patch(cloud, done, url, {"op": "replace", "path": "/QueueName", "value": "other"})
    assert properties(cloud, url)["QueueName"] == "q"


@pytest.mark.parametrize("document", ["no json", "{}", '[{"op": "replace", "path": "/No/Such", "value": 1}]'])
def test_a_patch_that_is_none_is_refused(cloud, done, document):
    url = create(cloud, done, QueueName="q")["Identifier"]
    with pytest.raises(cloud.exceptions.InvalidRequestException):
        cloud.update_resource(TypeName=QUEUE, Identifier=url, PatchDocument=document)


def test_what_is_deleted_is_gone(aws, cloud, done):
    url = create(cloud, done, QueueName="q")["Identifier"]
    assert done(cloud.delete_resource(TypeName=QUEUE, Identifier=url))["OperationStatus"] == "SUCCESS"
    with pytest.raises(cloud.exceptions.ResourceNotFoundException, match="was not found"):
        cloud.get_resource(TypeName=QUEUE, Identifier=url)
    assert "QueueUrls" not in aws("sqs").list_queues()


@pytest.mark.parametrize("verb", ["get_resource", "delete_resource"])
def test_what_is_not_there_is_not_found(cloud, aws, verb):
    url = f"{cloud.meta.endpoint_url}/{aws.account}/nothing"
    with pytest.raises(cloud.exceptions.ResourceNotFoundException):
        getattr(cloud, verb)(TypeName=QUEUE, Identifier=url)


def test_an_unknown_type_is_not_found(cloud):
    for name in ("AWS::SQS::Nothing", "AWS::Nothing::Queue"):
        with pytest.raises(cloud.exceptions.TypeNotFoundException):
            cloud.list_resources(TypeName=name)


def test_properties_that_the_service_refuses_fail_the_request_and_leave_nothing(aws, cloud, done):
    event = create(cloud, done, QueueName="bad", VisibilityTimeout=10**6)
    assert (event["OperationStatus"], event["ErrorCode"]) == ("FAILED", "InvalidRequest")
    assert "VisibilityTimeout" in event["StatusMessage"]
    assert "QueueUrls" not in aws("sqs").list_queues()


def test_properties_that_only_the_service_decides_are_refused(cloud):
    with pytest.raises(cloud.exceptions.InvalidRequestException, match="Arn"):
        cloud.create_resource(TypeName=QUEUE, DesiredState='{"Arn": "x"}')
    with pytest.raises(cloud.exceptions.InvalidRequestException, match="not valid JSON"):
        cloud.create_resource(TypeName=QUEUE, DesiredState="{")


def test_a_client_token_stands_for_one_request(cloud, done):
    asked = {"TypeName": QUEUE, "DesiredState": '{"QueueName": "once"}', "ClientToken": "token"}
    first = cloud.create_resource(**asked)["ProgressEvent"]["RequestToken"]
    assert cloud.create_resource(**asked)["ProgressEvent"]["RequestToken"] == first
    with pytest.raises(cloud.exceptions.ClientTokenConflictException):
        cloud.create_resource(**{**asked, "DesiredState": '{"QueueName": "twice"}'})


def test_requests_are_listed_and_forgotten_after_seven_days(cloud, done, clock):
    made = create(cloud, done, QueueName="a")
    create(cloud, done, QueueName="b", DelaySeconds=-1)
    statuses = [e["OperationStatus"] for e in cloud.list_resource_requests()["ResourceRequestStatusSummaries"]]
    assert statuses == ["FAILED", "SUCCESS"]
    only = cloud.list_resource_requests(ResourceRequestStatusFilter={"OperationStatuses": ["SUCCESS"]})
    assert [e["RequestToken"] for e in only["ResourceRequestStatusSummaries"]] == [made["RequestToken"]]
    clock.advance(days=8)
    assert cloud.list_resource_requests()["ResourceRequestStatusSummaries"] == []
    with pytest.raises(cloud.exceptions.RequestTokenNotFoundException):
        cloud.get_resource_request_status(RequestToken=made["RequestToken"])


def test_a_request_that_has_ended_cannot_be_cancelled(cloud, done):
    token = create(cloud, done, QueueName="q")["RequestToken"]
    with pytest.raises(cloud.exceptions.ConcurrentModificationException):
        cloud.cancel_resource_request(RequestToken=token)


def test_what_is_listed_by_its_parent_has_to_be_told_it(cloud):
    with pytest.raises(cloud.exceptions.InvalidRequestException, match=r"Required property:  \[RestApiId\]"):
        cloud.list_resources(TypeName="AWS::ApiGateway::Stage")
