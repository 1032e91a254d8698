"""What a call was about, as CloudTrail's event history has it: types and names of resources, read from its parameters.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events-supported-resource-types.html
"""

from __future__ import annotations

from typing import Any

Subject = tuple[str, str]
"""A type of CloudFormation's, and a name."""

# By event source, the parameters (in camel case, of the request or of the answer) that name a resource.
_NAMING: dict[str, dict[str, str]] = {
    "acm": {"certificateArn": "AWS::ACM::Certificate"},
    "apigateway": {"restApiId": "AWS::ApiGateway::RestApi"},
    "cloudformation": {"stackName": "AWS::CloudFormation::Stack", "stackId": "AWS::CloudFormation::Stack"},
    "cloudtrail": {"name": "AWS::CloudTrail::Trail", "trailARN": "AWS::CloudTrail::Trail"},
    "dynamodb": {"tableName": "AWS::DynamoDB::Table"},
    "ecr": {"repositoryName": "AWS::ECR::Repository"},
    "events": {"ruleName": "AWS::Events::Rule", "ruleArn": "AWS::Events::Rule"},
    "firehose": {"deliveryStreamName": "AWS::KinesisFirehose::DeliveryStream"},
    "iam": {
        "userName": "AWS::IAM::User",
        "roleName": "AWS::IAM::Role",
        "groupName": "AWS::IAM::Group",
        "policyArn": "AWS::IAM::Policy",
        "policyName": "AWS::IAM::Policy",
        "instanceProfileName": "AWS::IAM::InstanceProfile",
        "accessKeyId": "AWS::IAM::AccessKey",
    },
    "kinesis": {"streamName": "AWS::Kinesis::Stream", "streamARN": "AWS::Kinesis::Stream"},
    "kms": {"keyId": "AWS::KMS::Key", "aliasName": "AWS::KMS::Alias"},
    "lambda": {"functionName": "AWS::Lambda::Function", "functionArn": "AWS::Lambda::Function"},
    "logs": {"logGroupName": "AWS::Logs::LogGroup"},
    "s3": {"bucketName": "AWS::S3::Bucket", "bucket": "AWS::S3::Bucket"},
    "secretsmanager": {"secretId": "AWS::SecretsManager::Secret", "aRN": "AWS::SecretsManager::Secret"},
    "sns": {"topicArn": "AWS::SNS::Topic"},
    "sqs": {"queueUrl": "AWS::SQS::Queue", "queueName": "AWS::SQS::Queue"},
    "ssm": {"name": "AWS::SSM::Parameter"},
    "states": {"stateMachineArn": "AWS::StepFunctions::StateMachine"},
    "sts": {"roleArn": "AWS::IAM::Role"},
}


def of_record(record: dict[str, Any]) -> list[Subject]:
    """The resources that a record speaks of, each once."""
    naming = _NAMING.get(record["eventSource"].partition(".")[0], {})
    found: dict[Subject, None] = {}
    for part in _parts(record):
        for member, value in part.items():
            kind = naming.get(member)
            if kind is not None and isinstance(value, str) and value:
                found[kind, value] = None
    if record["eventSource"].startswith("sts.") and (key := _access_key(record)):
        found["AWS::IAM::AccessKey", key] = None
    return list(found)


def _parts(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The request, the answer, and what lies directly in the answer (`role`, `key`)."""
    parts = [part for name in ("requestParameters", "responseElements") if isinstance(part := record.get(name), dict)]
    answer = record.get("responseElements") or {}
    return [*parts, *(value for value in answer.values() if isinstance(value, dict))]


def _access_key(record: dict[str, Any]) -> str:
    credentials = (record.get("responseElements") or {}).get("credentials") or {}
    return str(credentials.get("accessKeyId", ""))


def user_of(record: dict[str, Any]) -> str:
    """The user name that the event history shows: that of a user, of a role's session, or `root`."""
    identity = record["userIdentity"]
    kind = identity.get("type")
    if kind == "Root":
        return "root"
    if kind == "AssumedRole":
        return str(identity.get("arn", "")).rpartition("/")[2]
    return str(identity.get("userName") or identity.get("invokedBy", "").partition(".")[0])
