"""The tags of the resources of all services in one place."""

import json

import pytest
from botocore.exceptions import ClientError

TEAM = {"team": "red"}
LISTED = [{"Key": "team", "Value": "red"}]


@pytest.fixture
def tagging(aws):
    return aws("resourcegroupstaggingapi")


@pytest.fixture
def resources(aws):
    """ARNs by service of resources that were made with a tag each."""
    account = aws.account
    sqs = aws("sqs")
    sqs.create_queue(QueueName="untagged")
    sqs.create_queue(QueueName="orders", tags={**TEAM, "env": "test"})
    aws("s3").create_bucket(Bucket=f"b-{account}")
    aws("s3").put_bucket_tagging(Bucket=f"b-{account}", Tagging={"TagSet": LISTED})
    table = aws("dynamodb").create_table(
        TableName="items",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=LISTED,
    )
    aws("ssm").put_parameter(Name="/app/name", Value="x", Type="String", Tags=LISTED)
    aws("logs").create_log_group(logGroupName="/app", tags=TEAM)
    return {
        "sqs": f"arn:aws:sqs:us-east-1:{account}:orders",
        "s3": f"arn:aws:s3:::b-{account}",
        "dynamodb": table["TableDescription"]["TableArn"],
        "sns": aws("sns").create_topic(Name="news", Tags=LISTED)["TopicArn"],
        "kms": aws("kms").create_key(Tags=[{"TagKey": "team", "TagValue": "red"}])["KeyMetadata"]["Arn"],
        "secretsmanager": aws("secretsmanager").create_secret(Name="s", SecretString="x", Tags=LISTED)["ARN"],
        "ssm": f"arn:aws:ssm:us-east-1:{account}:parameter/app/name",
        "logs": f"arn:aws:logs:us-east-1:{account}:log-group:/app",
        "events": aws("events").put_rule(Name="r", ScheduleExpression="rate(1 day)", Tags=LISTED)["RuleArn"],
    }


def arns(tagging, **request):
    pages = tagging.get_paginator("get_resources").paginate(**request)
    return [each["ResourceARN"] for page in pages for each in page["ResourceTagMappingList"]]


def test_tagged_resources_of_all_services_are_found(aws, tagging, resources):
    assert arns(tagging) == sorted(resources.values())
    assert arns(tagging, PaginationConfig={"PageSize": 2}) == sorted(resources.values())
    assert arns(aws("resourcegroupstaggingapi", "eu-west-1")) == []


def test_they_are_found_by_tag_type_and_name(tagging, resources):
    assert arns(tagging, TagFilters=[{"Key": "env"}]) == [resources["sqs"]]
    assert arns(tagging, TagFilters=[{"Key": "team", "Values": ["blue"]}]) == []
    assert arns(tagging, TagFilters=[{"Key": "team", "Values": ["blue", "red"]}, {"Key": "env"}]) == [resources["sqs"]]
    assert arns(tagging, ResourceTypeFilters=["dynamodb:table", "s3"]) == [resources["dynamodb"], resources["s3"]]
    (found,) = tagging.get_resources(ResourceARNList=[resources["sqs"]])["ResourceTagMappingList"]
    assert found["Tags"] == [{"Key": "env", "Value": "test"}, {"Key": "team", "Value": "red"}]


def test_keys_and_values(tagging, resources):
    answer = tagging.get_tag_keys()
    assert (answer["TagKeys"], answer["PaginationToken"]) == (["env", "team"], "")
    assert tagging.get_tag_values(Key="team")["TagValues"] == ["red"]


def test_resources_are_tagged_and_untagged_wherever_they_are(aws, tagging, resources):
    chosen = [resources[name] for name in ("sqs", "s3", "dynamodb", "ssm", "logs", "kms")]
    assert tagging.tag_resources(ResourceARNList=chosen, Tags={"cost": "1"})["FailedResourcesMap"] == {}
    assert arns(tagging, TagFilters=[{"Key": "cost"}]) == sorted(chosen)
    assert tagging.untag_resources(ResourceARNList=chosen, TagKeys=["team"])["FailedResourcesMap"] == {}
    assert resources["s3"] not in arns(tagging, TagFilters=[{"Key": "team"}])
    assert aws("s3").get_bucket_tagging(Bucket=f"b-{aws.account}")["TagSet"] == [{"Key": "cost", "Value": "1"}]


def test_what_is_not_there_is_told_by_itself(aws, tagging, resources):
    missing = f"arn:aws:sqs:us-east-1:{aws.account}:none"
    failed = tagging.tag_resources(ResourceARNList=[missing, resources["sqs"]], Tags={"a": "b"})["FailedResourcesMap"]
    assert (list(failed), failed[missing]["ErrorCode"]) == ([missing], "InvalidParameterException")
    assert arns(tagging, TagFilters=[{"Key": "a"}]) == [resources["sqs"]]


def test_the_services_own_permission_is_needed(aws, tagging, resources):
    iam = aws("iam")
    iam.create_user(UserName="tagger")
    allowed = {"Effect": "Allow", "Action": "tag:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="tagger", PolicyName="p", PolicyDocument=policy)
    made = iam.create_access_key(UserName="tagger")["AccessKey"]
    tagger = aws("resourcegroupstaggingapi", credentials=made)
    assert resources["sqs"] in arns(tagger)
    failed = tagger.tag_resources(ResourceARNList=[resources["sqs"]], Tags={"a": "b"})["FailedResourcesMap"]
    assert "sqs:TagQueue" in failed[resources["sqs"]]["ErrorMessage"]


@pytest.mark.parametrize(
    "request_",
    [
        {"ResourcesPerPage": 101},
        {"TagsPerPage": 150},
        {"ResourcesPerPage": 1, "TagsPerPage": 100},
        {"ResourceARNList": ["arn:aws:sqs:us-east-1:1:a"], "TagFilters": [{"Key": "a"}]},
        {"PaginationToken": "bogus"},
        {"ExcludeCompliantResources": True},
    ],
)
def test_bad_requests_are_refused(tagging, request_):
    with pytest.raises(ClientError) as error:
        tagging.get_resources(**request_)
    assert error.value.response["Error"]["Code"] == "InvalidParameterException"


def test_compliance_is_with_the_effective_tag_policy(aws, tagging, resources):
    organizations = aws("organizations")
    organizations.create_organization(FeatureSet="ALL")
    (base,) = organizations.list_roots()["Roots"]
    organizations.enable_policy_type(RootId=base["Id"], PolicyType="TAG_POLICY")
    content = {"tags": {"team": {"tag_key": {"@@assign": "team"}, "tag_value": {"@@assign": ["blue"]}}}}
    made = organizations.create_policy(Name="t", Description="", Type="TAG_POLICY", Content=json.dumps(content))
    organizations.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=aws.account)
    (found,) = tagging.get_resources(ResourceTypeFilters=["sqs"], IncludeComplianceDetails=True)[
        "ResourceTagMappingList"
    ]
    assert found["ComplianceDetails"]["KeysWithNoncompliantValues"] == ["team"]
    assert not found["ComplianceDetails"]["ComplianceStatus"]


def test_apis_and_zones_have_the_arns_that_their_tags_go_by(aws, tagging):
    rest, http, route53 = aws("apigateway"), aws("apigatewayv2"), aws("route53")
    api = rest.create_rest_api(name="a", tags=TEAM)["id"]
    root = rest.get_resources(restApiId=api)["items"][0]["id"]
    rest.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    rest.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    deployment = rest.create_deployment(restApiId=api)["id"]
    rest.create_stage(restApiId=api, stageName="live", deploymentId=deployment, tags=TEAM)
    other = http.create_api(Name="b", ProtocolType="HTTP", Tags=TEAM)["ApiId"]
    http.create_stage(ApiId=other, StageName="live", Tags=TEAM)
    zone = route53.create_hosted_zone(Name="red.example", CallerReference="1")["HostedZone"]["Id"].rpartition("/")[2]
    route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, AddTags=LISTED)
    place = "arn:aws:apigateway:us-east-1::"
    stages = [f"{place}/restapis/{api}/stages/live", f"{place}/apis/{other}/stages/live"]
    wanted = {f"{place}/restapis/{api}", f"{place}/apis/{other}", *stages, f"arn:aws:route53:::hostedzone/{zone}"}
    assert set(arns(tagging)) == wanted
    assert tagging.tag_resources(ResourceARNList=stages, Tags={"env": "x"})["FailedResourcesMap"] == {}
    assert rest.get_stage(restApiId=api, stageName="live")["tags"] == {**TEAM, "env": "x"}
