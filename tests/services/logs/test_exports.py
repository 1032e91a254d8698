"""Export tasks."""

from __future__ import annotations

import gzip
import json
import time
from datetime import UTC, datetime

import pytest

from tests.services.logs.test_data_protection import policy as protection_policy


@pytest.fixture
def bucket(aws):
    name = f"exports-{aws.account}"
    aws("s3").create_bucket(Bucket=name)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
        "Action": ["s3:GetBucketAcl", "s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        "Condition": {"StringEquals": {"aws:SourceAccount": aws.account}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("s3").put_bucket_policy(Bucket=name, Policy=policy)
    return name


@pytest.fixture
def export(logs, bucket, now):
    """Exports the last hour of `/app`. Returns the task as it is described once it is over."""

    def export(**params):
        given = {"logGroupName": "/app", "from": now() - 3_600_000, "to": now(), "destination": bucket} | params
        task_id = logs.create_export_task(**given)["taskId"]
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            (task,) = logs.describe_export_tasks(taskId=task_id)["exportTasks"]
            if task["status"]["code"] not in ("PENDING", "RUNNING"):
                return task
            time.sleep(0.01)
        raise AssertionError("the export does not end")

    return export


def lines(aws, bucket, key):
    return gzip.decompress(aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read()).decode().splitlines()


def test_each_stream_becomes_files_of_lines(aws, logs, group, put, export, bucket, now):
    logs.create_log_stream(logGroupName="/app", logStreamName="a/b")
    moment = now() - 60_000
    put((moment, "first"), (moment + 1, "second"))
    put((moment, "third"), stream="a/b")
    task = export(taskName="t", destinationPrefix="out")
    assert (task["status"]["code"], task["taskName"], task["destinationPrefix"]) == ("COMPLETED", "t", "out")
    assert task["executionInfo"]["completionTime"] >= task["executionInfo"]["creationTime"]
    keys = [each["Key"] for each in aws("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == sorted(
        ["out/aws-logs-write-test", f"out/{task['taskId']}/a-b/000000.gz", f"out/{task['taskId']}/one/000000.gz"]
    )
    shown = datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert lines(aws, bucket, f"out/{task['taskId']}/one/000000.gz")[0] == f"{shown} first"
    assert lines(aws, bucket, f"out/{task['taskId']}/a-b/000000.gz")[0].endswith(" third")


def test_only_the_streams_and_the_time_that_were_asked_for(aws, logs, group, put, export, bucket, now):
    logs.create_log_stream(logGroupName="/app", logStreamName="two")
    put((now() - 7_200_000, "old"), (now() - 1000, "new"))
    put("other", stream="two")
    task = export(logStreamNamePrefix="on")
    prefix = f"exportedlogs/{task['taskId']}/"
    found = aws("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    assert [each["Key"] for each in found] == [f"{prefix}one/000000.gz"]
    assert [line.split(" ")[1] for line in lines(aws, bucket, found[0]["Key"])] == ["new"]


def test_what_is_masked_is_exported_masked(aws, logs, group, put, export, bucket):
    logs.put_data_protection_policy(logGroupIdentifier=group, policyDocument=protection_policy("EmailAddress"))
    put("to a@example.com")
    (line,) = lines(aws, bucket, f"exportedlogs/{export()['taskId']}/one/000000.gz")
    assert line.endswith(" to *************")


def test_a_bucket_that_does_not_let_logs_in_is_refused(aws, logs, group, bucket, export, refused):
    aws("s3").delete_bucket_policy(Bucket=bucket)
    with refused("InvalidParameterException", "GetBucketAcl call on the given bucket failed"):
        export()
    with refused("InvalidParameterException", "does not exist"):
        export(destination=f"none-{aws.account}")


def test_times_are_in_order_and_not_before_the_group(logs, group, export, refused, now):
    with refused("InvalidParameterException", "from must not be after to"):
        export(**{"from": now(), "to": now() - 1})
    with refused("InvalidParameterException", "before the creation"):
        export(**{"from": 0, "to": 1})


def test_an_export_that_is_over_cannot_be_cancelled(logs, group, export, refused):
    task = export()
    with refused("InvalidOperationException"):
        logs.cancel_export_task(taskId=task["taskId"])
    with refused("ResourceNotFoundException"):
        logs.cancel_export_task(taskId="none")


def test_exports_are_described_by_their_state(logs, group, export):
    task = export()
    assert [each["taskId"] for each in logs.describe_export_tasks(statusCode="COMPLETED")["exportTasks"]] == [
        task["taskId"]
    ]
    assert logs.describe_export_tasks(statusCode="FAILED")["exportTasks"] == []
