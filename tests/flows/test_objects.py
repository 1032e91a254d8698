"""Objects that set functions to work: notifications, batch jobs, what is read through a function."""

import pytest
import urllib3
from botocore.exceptions import ClientError

from tests.flows.conftest import NOTING

# As in the ingestion of documents: what was put is read, and a row about it is written.
PROCESSING = """
import boto3, os
from urllib.parse import unquote_plus
s3, table = boto3.client("s3"), boto3.resource("dynamodb").Table(os.environ["TABLE"])
def handler(event, context):
    for record in event["Records"]:
        bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
        text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        table.put_item(Item={"documentId": key, "status": "processed", "words": len(text.split()),
                             "sizeBytes": record["s3"]["object"]["size"]})
"""
SHOUTING = """
import boto3, urllib.request
s3 = boto3.client("s3")
def handler(event, context):
    about = event["getObjectContext"]
    body = urllib.request.urlopen(about["inputS3Url"]).read().decode()
    s3.write_get_object_response(RequestRoute=about["outputRoute"], RequestToken=about["outputToken"],
                                 Body=body.replace("4111 1111", "XXXX XXXX").upper())
    return {"statusCode": 200}
"""
MARKING = """
import boto3
s3 = boto3.client("s3")
def handler(event, context):
    results = []
    for task in event["tasks"]:
        bucket, key = task["s3BucketArn"].rpartition(":")[2], task["s3Key"]
        if key == "bad":
            raise ValueError("cannot")
        s3.put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": [{"Key": "seen", "Value": "yes"}]})
        results.append({"taskId": task["taskId"], "resultCode": "Succeeded", "resultString": "marked"})
    return {"invocationSchemaVersion": "1.0", "treatMissingKeysAs": "PermanentFailure",
            "invocationId": event["invocationId"], "results": results}
"""


def telling(function, *rules, events=("s3:ObjectCreated:*",)):
    """A configuration that tells a function of objects."""
    filters = {"Key": {"FilterRules": [{"Name": name, "Value": value} for name, value in rules]}}
    return {
        "LambdaFunctionConfigurations": [
            {"LambdaFunctionArn": function, "Events": list(events), **({"Filter": filters} if rules else {})}
        ]
    }


def test_an_uploaded_document_is_processed_into_a_row(aws, cloud):
    bucket, table = cloud.bucket(), cloud.table("documentId")
    done = cloud.queue("done")
    function = cloud.function(PROCESSING, callers=("s3",), TABLE=table)
    aws("lambda").put_function_event_invoke_config(
        FunctionName="function", DestinationConfig={"OnSuccess": {"Destination": done.arn}}
    )
    aws("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=telling(function, ("suffix", ".pdf"))
    )
    aws("s3").put_object(Bucket=bucket, Key="x.txt", Body=b"not this one")
    aws("s3").put_object(Bucket=bucket, Key="my x.pdf", Body=b"some words")
    assert done.documents()[0]["requestContext"]["condition"] == "Success"
    (item,) = aws("dynamodb").scan(TableName=table)["Items"]
    assert {name: next(iter(value.values())) for name, value in item.items()} == {
        "documentId": "my x.pdf",
        "status": "processed",
        "words": "2",
        "sizeBytes": "10",
    }


def test_a_removed_object_runs_the_function_for_removals_only(aws, cloud, notes):
    bucket, s3 = cloud.bucket(), aws("s3")
    function = cloud.function(NOTING, callers=("s3",), NOTES=notes.url)
    configuration = telling(function, events=("s3:ObjectRemoved:*",))
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="k")
    (event,) = notes.documents()
    assert [record["eventName"] for record in event["Records"]] == ["ObjectRemoved:Delete"]
    assert notes.is_empty()


@pytest.mark.parametrize("let_in", ["nobody", "other"])
def test_a_function_that_does_not_let_the_bucket_in_is_refused(aws, cloud, let_in):
    bucket, function = cloud.bucket(), cloud.function(NOTING)
    if let_in == "other":
        aws("lambda").add_permission(
            FunctionName="function",
            StatementId="s3",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn="arn:aws:s3:::another-bucket",
        )
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations") as error:
        aws("s3").put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=telling(function))
    assert error.value.response["Error"]["Code"] == "InvalidArgument"
    found = aws("s3").get_bucket_notification_configuration(Bucket=bucket)
    assert "LambdaFunctionConfigurations" not in found


def test_a_function_that_does_not_exist_is_refused(aws, cloud):
    missing = f"arn:aws:lambda:us-east-1:{aws.account}:function:missing"
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        aws("s3").put_bucket_notification_configuration(
            Bucket=cloud.bucket(), NotificationConfiguration=telling(missing)
        )


def test_an_object_is_read_as_a_function_makes_it(aws, cloud):
    bucket, function = cloud.bucket(), cloud.function(SHOUTING)
    aws("s3").put_object(Bucket=bucket, Key="card", Body=b"card 4111 1111 of ada")
    control = cloud.on_hosts("s3control")
    account = {"AccountId": aws.account}
    below = control.create_access_point(Name="below", Bucket=bucket, **account)["AccessPointArn"]
    point = control.create_access_point_for_object_lambda(
        Name="redacted",
        Configuration={
            "SupportingAccessPoint": below,
            "TransformationConfigurations": [
                {"Actions": ["GetObject"], "ContentTransformation": {"AwsLambda": {"FunctionArn": function}}}
            ],
        },
        **account,
    )["ObjectLambdaAccessPointArn"]
    assert cloud.on_hosts("s3").get_object(Bucket=point, Key="card")["Body"].read() == b"CARD XXXX XXXX OF ADA"


def test_a_batch_job_has_a_function_work_on_each_object(aws, cloud, clock):
    bucket, s3, control = cloud.bucket(), aws("s3"), cloud.on_hosts("s3control")
    for key in ("a", "b", "bad"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    manifest = "".join(f"{bucket},{key}\n" for key in ("a", "b", "bad"))
    tag = s3.put_object(Bucket=bucket, Key="manifest.csv", Body=manifest.encode())["ETag"]
    job = control.create_job(
        AccountId=aws.account,
        Operation={"LambdaInvoke": {"FunctionArn": cloud.function(MARKING)}},
        Manifest={
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]},
            "Location": {"ObjectArn": f"arn:aws:s3:::{bucket}/manifest.csv", "ETag": tag},
        },
        Report={"Enabled": False},
        Priority=1,
        RoleArn=cloud.role,
        ConfirmationRequired=False,
    )["JobId"]
    found = _ended(control, aws.account, job, clock)
    summary = found["ProgressSummary"]
    assert (summary["NumberOfTasksSucceeded"], summary["NumberOfTasksFailed"]) == (2, 1)
    for key in ("a", "b"):
        assert s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == [{"Key": "seen", "Value": "yes"}]
    assert s3.get_object_tagging(Bucket=bucket, Key="bad")["TagSet"] == []


def _ended(control, account, job, clock):
    for _ in range(200):
        found = control.describe_job(AccountId=account, JobId=job)["Job"]
        if found["Status"] in ("Complete", "Failed"):
            return found
        clock.advance(seconds=0.1)
    raise AssertionError(found)


def test_a_presigned_upload_sets_the_function_to_work(aws, cloud, notes):
    bucket, s3 = cloud.bucket(), aws("s3")
    function = cloud.function(NOTING, callers=("s3",), NOTES=notes.url)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=telling(function))
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "photo.jpg"}, ExpiresIn=60)
    assert urllib3.request("PUT", url, body=b"{}").status == 200
    (event,) = notes.documents()
    assert event["Records"][0]["eventName"] == "ObjectCreated:Put"
    assert event["Records"][0]["s3"]["object"]["key"] == "photo.jpg"
