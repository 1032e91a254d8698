"""Groups of resources that share tags, or a stack."""

import json

import pytest
from botocore.exceptions import ClientError

ALL = ["AWS::AllSupported"]


def query(tags, kinds=ALL):
    filters = [{"Key": key, "Values": [value]} for key, value in tags.items()]
    return {"Type": "TAG_FILTERS_1_0", "Query": json.dumps({"ResourceTypeFilters": kinds, "TagFilters": filters})}


def code(error):
    return error.value.response["Error"]["Code"]


@pytest.fixture
def groups(aws):
    return aws("resource-groups")


@pytest.fixture
def queue(aws):
    """The ARN of a queue with a tag."""
    aws("sqs").create_queue(QueueName="orders", tags={"team": "red"})
    return f"arn:aws:sqs:us-east-1:{aws.account}:orders"


def test_a_group_is_of_what_has_its_tags(aws, groups, queue):
    topic = aws("sns").create_topic(Name="news", Tags=[{"Key": "team", "Value": "red"}])["TopicArn"]
    aws("sns").create_topic(Name="other", Tags=[{"Key": "team", "Value": "blue"}])
    made = groups.create_group(Name="reds", Description="the red team", ResourceQuery=query({"team": "red"}))
    assert made["Group"]["GroupArn"] == f"arn:aws:resource-groups:us-east-1:{aws.account}:group/reds"
    expected = [
        {"ResourceArn": topic, "ResourceType": "AWS::SNS::Topic"},
        {"ResourceArn": queue, "ResourceType": "AWS::SQS::Queue"},
    ]
    assert groups.list_group_resources(Group="reds")["ResourceIdentifiers"] == expected
    only = groups.list_group_resources(Group="reds", Filters=[{"Name": "resource-type", "Values": ["AWS::SQS::Queue"]}])
    assert only["ResourceIdentifiers"] == expected[1:]
    found = groups.search_resources(ResourceQuery=query({"team": "red"}, ["AWS::SNS::Topic"]), MaxResults=1)
    assert (found["ResourceIdentifiers"], "NextToken" in found) == (expected[:1], False)


def test_a_group_is_of_a_stack(aws, groups):
    cloudformation = aws("cloudformation")
    template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}, "T": {"Type": "AWS::SNS::Topic"}}}
    stack = cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(template))["StackId"]
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="s", WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500}
    )
    text = json.dumps({"ResourceTypeFilters": ALL, "StackIdentifier": stack})
    groups.create_group(Name="of-stack", ResourceQuery={"Type": "CLOUDFORMATION_STACK_1_0", "Query": text})
    found = groups.list_group_resources(Group="of-stack")["ResourceIdentifiers"]
    assert sorted(each["ResourceType"] for each in found) == ["AWS::SNS::Topic", "AWS::SQS::Queue"]
    cloudformation.delete_stack(StackName="s")
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500}
    )
    assert groups.list_group_resources(Group="of-stack")["ResourceIdentifiers"] == []


def test_groups_are_changed_listed_and_deleted(groups):
    for name in ("a", "b", "c"):
        groups.create_group(Name=name, ResourceQuery=query({"team": name}), Tags={"kind": "test"})
    groups.update_group(GroupName="b", Description="changed", Owner="ann")
    assert groups.get_group(GroupName="b")["Group"]["Description"] == "changed"
    groups.update_group_query(Group="b", ResourceQuery=query({"team": "z"}))
    assert groups.get_group_query(GroupName="b")["GroupQuery"]["ResourceQuery"] == query({"team": "z"})
    pages = groups.get_paginator("list_groups").paginate(PaginationConfig={"PageSize": 2})
    assert [each["GroupName"] for page in pages for each in page["GroupIdentifiers"]] == ["a", "b", "c"]
    owned = groups.list_groups(Filters=[{"Name": "owner", "Values": ["ann"]}])["GroupIdentifiers"]
    assert [each["GroupName"] for each in owned] == ["b"]
    groups.delete_group(Group="b")
    with pytest.raises(ClientError) as error:
        groups.get_group(Group="b")
    assert code(error) == "NotFoundException"


def test_groups_have_tags(groups):
    arn = groups.create_group(Name="g", ResourceQuery=query({"a": "b"}), Tags={"x": "1"})["Group"]["GroupArn"]
    groups.tag(Arn=arn, Tags={"y": "2"})
    groups.untag(Arn=arn, Keys=["x"])
    assert groups.get_tags(Arn=arn)["Tags"] == {"y": "2"}


@pytest.mark.parametrize(
    "text", ["not json", "[]", "{}", '{"ResourceTypeFilters": []}', '{"ResourceTypeFilters": ["AWS::AllSupported"]}']
)
def test_bad_queries_are_refused(groups, text):
    with pytest.raises(ClientError) as error:
        groups.create_group(Name="g", ResourceQuery={"Type": "TAG_FILTERS_1_0", "Query": text})
    assert code(error) == "BadRequestException"
    assert groups.list_groups()["GroupIdentifiers"] == []


def test_names_are_taken_and_some_reserved(groups):
    groups.create_group(Name="g", ResourceQuery=query({"a": "b"}))
    for name in ("g", "AWS-mine", "resource-groups-mine"):
        with pytest.raises(ClientError) as error:
            groups.create_group(Name=name, ResourceQuery=query({"a": "b"}))
        assert code(error) == "BadRequestException"


def test_templates_make_groups(aws, groups, queue):
    filters = [{"Key": "team", "Values": ["red"]}]
    wanted = {"Type": "TAG_FILTERS_1_0", "Query": {"ResourceTypeFilters": ALL, "TagFilters": filters}}
    resource = {"Type": "AWS::ResourceGroups::Group", "Properties": {"Name": "reds", "ResourceQuery": wanted}}
    cloudformation = aws("cloudformation")
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps({"Resources": {"G": resource}}))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="s", WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500}
    )
    (found,) = groups.list_group_resources(Group="reds")["ResourceIdentifiers"]
    assert found["ResourceArn"] == queue


def test_a_group_by_a_query_has_no_configuration(groups):
    groups.create_group(Name="reds", ResourceQuery=query({"team": "red"}))
    with pytest.raises(ClientError) as refused:
        groups.get_group_configuration(Group="reds")
    assert code(refused) == "BadRequestException"
