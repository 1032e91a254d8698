"""What services tell of themselves, on the default bus of their account."""

import json

import pytest


@pytest.fixture
def told(events, queue, make_rule):
    """`told(detail type)`: waits for the events of that type that one of the test's services puts."""

    def listen(*kinds, source):
        make_rule(queue.arn, pattern={"source": [source], "detail-type": list(kinds)})
        return lambda: [(each["detail-type"], each["detail"]) for each in queue.events()]

    return listen


def test_kms_tells_of_a_rotated_and_of_a_deleted_key(aws, clock, told):
    found = told("KMS CMK Rotation", "KMS CMK Deletion", source="aws.kms")
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.rotate_key_on_demand(KeyId=key["KeyId"])
    clock.advance(seconds=60)
    ((_, rotation),) = found()
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    clock.advance(days=8)
    ((kind, deletion),) = found()
    assert rotation["rotation-type"] == "ON_DEMAND"
    assert rotation["previous-key-material-id"] == key["CurrentKeyMaterialId"]
    assert (kind, deletion) == ("KMS CMK Deletion", {"key-id": key["KeyId"]})


def test_what_a_service_does_by_itself_is_told_as_cloudtrail_does(aws, clock, told):
    found = told("AWS Service Event via CloudTrail", source="aws.kms")
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    clock.advance(days=8)
    ((_, record),) = found()
    assert (record["eventName"], record["eventType"]) == ("DeleteKey", "AwsServiceEvent")
    assert record["serviceEventDetails"] == {"keyId": key}
    assert record["userIdentity"]["invokedBy"] == "kms.amazonaws.com"


def test_secrets_manager_tells_of_labels_that_move(aws, told):
    found = told("Secret Label Updated", source="aws.secretsmanager")
    secrets = aws("secretsmanager")
    first = secrets.create_secret(Name="pass", SecretString="1")["VersionId"]
    second = secrets.put_secret_value(SecretId="pass", SecretString="2")["VersionId"]
    secrets.tag_resource(SecretId="pass", Tags=[{"Key": "a", "Value": "b"}])
    details = [detail for _, detail in found()]
    expected = {"name": "pass", "labelUpdated": "AWSCURRENT"}
    assert details == [{**expected, "versionId": first}, {**expected, "versionId": second}]


def test_cloudformation_tells_of_resources_and_stacks(aws, told):
    kinds = ("CloudFormation Stack Status Change", "CloudFormation Resource Status Change")
    found = told(*kinds, source="aws.cloudformation")
    template = {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}}
    cloudformation = aws("cloudformation")
    made = cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(template), ClientRequestToken="t-1")
    cloudformation.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
    answers = found()
    assert [(kind, detail["status-details"]["status"]) for kind, detail in answers] == [
        (kinds[0], "CREATE_IN_PROGRESS"),
        (kinds[1], "CREATE_IN_PROGRESS"),
        (kinds[1], "CREATE_IN_PROGRESS"),
        (kinds[1], "CREATE_COMPLETE"),
        (kinds[0], "CREATE_COMPLETE"),
    ]
    assert {detail["stack-id"] for _, detail in answers} == {made["StackId"]}
    assert {detail["client-request-token"] for _, detail in answers} == {"t-1"}
    assert answers[3][1]["resource-type"] == "AWS::SQS::Queue"


def test_cloudwatch_tells_of_alarms_that_are_made_changed_and_deleted(aws, told):
    found = told("CloudWatch Alarm Configuration Change", source="aws.cloudwatch")
    cloudwatch = aws("cloudwatch")
    alarm = {"Namespace": "shop", "MetricName": "orders", "Period": 60, "Statistic": "Sum", "EvaluationPeriods": 1}
    alarm |= {"AlarmName": "few", "ComparisonOperator": "LessThanThreshold"}
    cloudwatch.put_metric_alarm(**alarm, Threshold=5)
    cloudwatch.put_metric_alarm(**alarm, Threshold=7)
    cloudwatch.delete_alarms(AlarmNames=["few"])
    details = [detail for _, detail in found()]
    assert [detail["operation"] for detail in details] == ["create", "update", "delete"]
    changed = details[1]
    assert (changed["previousConfiguration"]["threshold"], changed["configuration"]["threshold"]) == (5, 7)
    assert changed["configuration"]["metrics"][0]["metricStat"]["metric"]["name"] == "orders"


def test_access_analyzer_tells_of_findings(aws, clock, told):
    found = told("Access Analyzer Finding", source="aws.access-analyzer")
    queue = aws("sqs").create_queue(QueueName="open")["QueueUrl"]
    open_to_all = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [open_to_all]})
    aws("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    aws("accessanalyzer").create_analyzer(analyzerName="a", type="ACCOUNT")
    clock.advance(seconds=10)
    ours = [detail for _, detail in found() if detail["resource"].endswith(":open")]
    assert [(each["status"], each["isPublic"], each["isDeleted"]) for each in ours] == [("ACTIVE", True, False)]


def test_the_schema_registry_tells_of_schemas_and_versions(aws, told):
    found = told("Schema Created", "Schema Version Created", source="aws.schemas")
    schemas = aws("schemas")
    schemas.create_registry(RegistryName="shop")
    place = {"RegistryName": "shop", "SchemaName": "Order"}
    schemas.create_schema(**place, Type="JSONSchemaDraft4", Content='{"type": "object"}')
    schemas.update_schema(**place, Type="JSONSchemaDraft4", Content='{"type": "string"}')
    shown = [(kind, detail["SchemaName"], detail["Version"]) for kind, detail in found()]
    created, version = "Schema Created", "Schema Version Created"
    assert shown == [(created, "Order", "1"), (version, "Order", "1"), (version, "Order", "2")]


def test_eventbridge_tells_of_connections_and_their_destinations(events, told):
    kinds = ("Connection Creation Started", "Connection Authorized", "API Destination Activated")
    kinds += ("Connection Deauthorized", "API Destination Deactivated")
    found = told(*kinds, source="aws.events")
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}
    arn = events.create_connection(Name="c", AuthorizationType="API_KEY", AuthParameters=key)["ConnectionArn"]
    events.create_api_destination(Name="d", ConnectionArn=arn, InvocationEndpoint="https://a.b", HttpMethod="POST")
    events.deauthorize_connection(Name="c")
    answers = found()
    assert [kind for kind, _ in answers] == list(kinds)
    assert (answers[0][1]["ConnectionName"], answers[2][1]["ApiDestinationName"]) == ("c", "d")


def test_cloudformation_tells_of_stack_sets(aws, told):
    found = told("CloudFormation StackSet Status Change", source="aws.cloudformation")
    cloudformation = aws("cloudformation")
    template = json.dumps({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}})
    cloudformation.create_stack_set(StackSetName="s", TemplateBody=template)
    arn = cloudformation.describe_stack_set(StackSetName="s")["StackSet"]["StackSetARN"]
    cloudformation.delete_stack_set(StackSetName="s")
    statuses = [{"stack-set-arn": arn, "status-details": {"status": status}} for status in ("ACTIVE", "DELETED")]
    assert [detail for _, detail in found()] == statuses


def test_organizations_tells_how_the_creation_of_an_account_ended(aws, clock, told):
    found = told("AWS Service Event via CloudTrail", source="aws.organizations")
    organizations = aws("organizations")
    organizations.create_organization()
    made = organizations.create_account(AccountName="dev", Email=f"{aws.account}@example.com")["CreateAccountStatus"]
    clock.advance(seconds=60)
    ((_, record),) = found()
    status = record["serviceEventDetails"]["createAccountStatus"]
    assert (record["eventName"], status["id"], status["state"]) == ("CreateAccountResult", made["Id"], "SUCCEEDED")
    account = organizations.describe_create_account_status(CreateAccountRequestId=made["Id"])["CreateAccountStatus"]
    assert status["accountId"] == account["AccountId"]
