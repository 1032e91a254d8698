"""Jobs and access points after `kill -9`."""

import json
import time
from urllib.parse import urlsplit

from fogbank.testing import Clients, ServerProcess
from tests.services.s3control.conftest import to_loopback

ACCOUNT = "111122223333"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "batchoperations.s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
ALLOWED = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
ROWS = 2000


def control_of(server):
    port = urlsplit(server.endpoint).port
    client = Clients(server.endpoint, ACCOUNT)("s3control", endpoint=f"http://localhost:{port}")
    client.meta.events.register("before-send.*", to_loopback(port))
    return client


def test_job_goes_on_where_it_was(tmp_path):
    with ServerProcess(tmp_path / "state") as server:
        clients = Clients(server.endpoint, ACCOUNT)
        s3, iam = clients("s3"), clients("iam")
        s3.create_bucket(Bucket="kept")
        s3.put_object(Bucket="kept", Key="k", Body=b"x")
        etag = s3.put_object(Bucket="kept", Key="manifest.csv", Body=b"kept,k\n" * ROWS)["ETag"]
        role = iam.create_role(RoleName="batch", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        iam.put_role_policy(RoleName="batch", PolicyName="p", PolicyDocument=json.dumps(ALLOWED))
        spec = {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]}
        location = {"ObjectArn": "arn:aws:s3:::kept/manifest.csv", "ETag": etag}
        report = {
            "Enabled": True,
            "Bucket": "arn:aws:s3:::kept",
            "Format": "Report_CSV_20180820",
            "ReportScope": "AllTasks",
        }
        job = control_of(server).create_job(
            AccountId=ACCOUNT,
            Operation={"S3PutObjectTagging": {"TagSet": [{"Key": "a", "Value": "1"}]}},
            Manifest={"Spec": spec, "Location": location},
            Report=report,
            Priority=1,
            RoleArn=role,
        )["JobId"]
        wait(lambda: described(server, job)["ProgressSummary"]["NumberOfTasksSucceeded"])
        server.kill()
        server.restart()
        wait(lambda: described(server, job)["Status"] == "Complete")
        assert described(server, job)["ProgressSummary"]["NumberOfTasksSucceeded"] == ROWS
        s3 = Clients(server.endpoint, ACCOUNT)("s3")
        index = json.loads(s3.get_object(Bucket="kept", Key=f"job-{job}/manifest.json")["Body"].read())
        lines = s3.get_object(Bucket="kept", Key=index["Results"][0]["Key"])["Body"].read().splitlines()
        assert len(lines) == ROWS


def described(server, job):
    return control_of(server).describe_job(AccountId=ACCOUNT, JobId=job)["Job"]


def wait(condition):
    for _ in range(300):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen")
