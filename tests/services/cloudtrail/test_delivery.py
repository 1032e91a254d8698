"""What trails deliver: files, digests, messages, events in a log group."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError


def test_calls_lie_in_the_bucket_soon(aws, trail, bucket, logging, clock):
    logging(S3KeyPrefix="audit")
    aws("sqs").create_queue(QueueName="orders")
    clock.advance(minutes=1)
    (key,) = bucket.files()
    assert key.startswith(f"audit/AWSLogs/{aws.account}/CloudTrail/us-east-1/20")
    assert f"/{aws.account}_CloudTrail_us-east-1_" in key
    assert bucket.names() == ["StartLogging", "CreateQueue"]
    status = trail.get_trail_status(Name="main")
    assert status["LatestDeliveryTime"]
    assert "LatestDeliveryError" not in status


def test_nothing_is_delivered_while_a_trail_does_not_log(aws, trail, bucket, logging, clock):
    logging()
    trail.stop_logging(Name="main")
    clock.advance(minutes=1)
    aws("sqs").create_queue(QueueName="unseen")
    clock.advance(minutes=1)
    assert "CreateQueue" not in bucket.names()


def test_a_trail_of_one_region_has_no_others(aws, bucket, logging, clock):
    logging()
    aws("sqs", "eu-west-1").create_queue(QueueName="far")
    clock.advance(minutes=1)
    assert "CreateQueue" not in bucket.names()


def test_a_trail_of_all_regions_has_a_file_for_each(aws, bucket, logging, clock):
    logging(IsMultiRegionTrail=True)
    aws("sqs", "eu-west-1").create_queue(QueueName="far")
    clock.advance(minutes=1)
    assert sorted(key.split("/")[3] for key in bucket.files()) == ["eu-west-1", "us-east-1"]


def test_what_a_bucket_refuses_is_delivered_later(aws, trail, bucket, logging, clock):
    logging()
    policy = bucket.s3.get_bucket_policy(Bucket=bucket.name)["Policy"]
    bucket.s3.delete_bucket_policy(Bucket=bucket.name)
    clock.advance(minutes=1)
    assert bucket.files() == []
    assert trail.get_trail_status(Name="main")["LatestDeliveryError"] == "AccessDenied"
    bucket.s3.put_bucket_policy(Bucket=bucket.name, Policy=policy)
    clock.advance(minutes=6)
    assert "DeleteBucketPolicy" in bucket.names()
    assert "LatestDeliveryError" not in trail.get_trail_status(Name="main")


def test_a_trail_of_an_organization_has_its_members_calls(aws, trail, bucket, logging, clock):
    organizations = aws("organizations")
    organizations.create_organization(FeatureSet="ALL")
    organizations.create_account(AccountName="member", Email=f"m{aws.account}@example.com")
    clock.advance(minutes=1)
    (member,) = [each["Id"] for each in organizations.list_accounts()["Accounts"] if each["Id"] != aws.account]
    logging(IsOrganizationTrail=True)
    aws("sqs", account=member).create_queue(QueueName="of-a-member")
    clock.advance(minutes=1)
    organization = organizations.describe_organization()["Organization"]["Id"]
    (key,) = [each for each in bucket.files() if f"/{member}/" in each]
    assert key.startswith(f"AWSLogs/{organization}/{member}/CloudTrail/")
    assert [record["eventName"] for record in bucket.read(key)["Records"]] == ["CreateQueue"]


def test_an_account_without_an_organization_has_no_trail_of_one(trail, bucket):
    with pytest.raises(ClientError) as error:
        trail.create_trail(Name="main", S3BucketName=bucket.name, IsOrganizationTrail=True)
    assert error.value.response["Error"]["Code"] == "OrganizationsNotInUseException"


# -- what is selected


def test_only_what_writes(aws, bucket, logging, clock):
    logging(selectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}])
    sqs = aws("sqs")
    sqs.create_queue(QueueName="orders")
    sqs.list_queues()
    clock.advance(minutes=1)
    assert ("CreateQueue" in bucket.names(), "ListQueues" in bucket.names()) == (True, False)


@pytest.mark.parametrize("kind", ["basic", "advanced"])
def test_objects_of_a_bucket(aws, bucket, logging, clock, kind):
    prefix = f"arn:aws:s3:::data-{aws.account}/"
    if kind == "basic":
        data = [{"Type": "AWS::S3::Object", "Values": [prefix]}]
        logging(selectors=[{"IncludeManagementEvents": False, "DataResources": data}])
    else:
        fields = {"eventCategory": ["Data"], "resources.type": ["AWS::S3::Object"], "readOnly": ["false"]}
        chosen = [{"Field": name, "Equals": values} for name, values in fields.items()]
        chosen.append({"Field": "resources.ARN", "StartsWith": [prefix]})
        logging(advanced=[{"FieldSelectors": chosen}])
    s3 = aws("s3")
    for name in ("data", "other"):
        s3.create_bucket(Bucket=f"{name}-{aws.account}")
        s3.put_object(Bucket=f"{name}-{aws.account}", Key="a/b", Body=b"secret")
    clock.advance(minutes=1)
    (record,) = bucket.records()
    assert (record["eventName"], record["eventCategory"], record["managementEvent"]) == ("PutObject", "Data", False)
    assert record["requestParameters"]["bucketName"] == f"data-{aws.account}"
    assert {"type": "AWS::S3::Object", "ARN": f"{prefix}a/b"} in record["resources"]


def test_items_of_a_table_without_what_is_in_them(aws, bucket, logging, clock):
    ddb = aws("dynamodb")
    ddb.create_table(
        TableName="items",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    ddb.get_waiter("table_exists").wait(TableName="items", WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500})
    data = [{"Type": "AWS::DynamoDB::Table", "Values": [f"arn:aws:dynamodb:us-east-1:{aws.account}:table/items"]}]
    logging(selectors=[{"IncludeManagementEvents": False, "DataResources": data}])
    ddb.put_item(TableName="items", Item={"id": {"S": "hidden"}})
    clock.advance(minutes=1)
    (record,) = bucket.records()
    assert record["requestParameters"] == {"tableName": "items"}
    assert "hidden" not in json.dumps(record)


# -- others who are told


def test_a_topic_hears_of_each_file(aws, bucket, logging, clock):
    sns, sqs = aws("sns"), aws("sqs")
    topic = sns.create_topic(Name="files")["TopicArn"]
    allowed = {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic}
    allowed["Principal"] = {"Service": "cloudtrail.amazonaws.com"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    queue = f"arn:aws:sqs:us-east-1:{aws.account}:heard"
    let = {
        "Effect": "Allow",
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Principal": {"Service": "sns.amazonaws.com"},
    }
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [let]})}
    )
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    logging(SnsTopicName="files")
    clock.advance(minutes=1)
    received = [each["Body"] for each in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
    assert "CloudTrail validation message." in received
    assert json.dumps({"s3Bucket": bucket.name, "s3ObjectKey": bucket.files()}, separators=(",", ":")) in received


def test_a_log_group_has_each_event(aws, trail, logging, clock):
    trust = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam, logs = aws("iam"), aws("logs")
    role = iam.create_role(
        RoleName="to-logs", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
    iam.put_role_policy(
        RoleName="to-logs",
        PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    logs.create_log_group(logGroupName="trail")
    arn = logs.describe_log_groups()["logGroups"][0]["arn"]
    logging(CloudWatchLogsLogGroupArn=arn, CloudWatchLogsRoleArn=role)
    aws("sqs").create_queue(QueueName="orders")
    clock.advance(minutes=1)
    stream = f"{aws.account}_CloudTrail_us-east-1"
    events = logs.get_log_events(logGroupName="trail", logStreamName=stream)["events"]
    assert "CreateQueue" in [json.loads(event["message"])["eventName"] for event in events]
    assert trail.get_trail_status(Name="main")["LatestCloudWatchLogsDeliveryTime"]


def validated(aws, arn, fogbank_server):
    """What the AWS CLI says of the files."""
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": fogbank_server.endpoint,
        "AWS_ACCESS_KEY_ID": aws.account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    command = [Path(sys.executable).with_name("aws"), "cloudtrail", "validate-logs", "--trail-arn", arn]
    done = subprocess.run(
        [*command, "--start-time", "2020-01-01T00:00:00Z", "--end-time", "2099-01-01T00:00:00Z", "--verbose"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout + done.stderr


def test_the_cli_validates_files_and_finds_those_that_were_changed(aws, bucket, logging, clock, fogbank_server):
    arn = logging(EnableLogFileValidation=True)
    clock.advance(hours=1)
    aws("sqs").create_queue(QueueName="orders")
    clock.advance(hours=1)
    first, second = bucket.files("CloudTrail-Digest")
    assert bucket.read(second)["previousDigestS3Object"] == first
    told = validated(aws, arn, fogbank_server)
    assert "2/2 digest files valid" in told
    assert "/2 log files valid" in told
    key = bucket.files()[0]
    bucket.s3.put_object(
        Bucket=bucket.name, Key=key, Body=bucket.s3.get_object(Bucket=bucket.name, Key=bucket.files()[1])["Body"].read()
    )
    assert "1/2 log files INVALID" in validated(aws, arn, fogbank_server)
