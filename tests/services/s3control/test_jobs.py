"""Batch Operations: what is asked of a job, and what it does."""

import csv
import gzip
import hashlib
import io
import json

import pytest

SERVICE = "batchoperations.s3.amazonaws.com"
EVERYTHING = [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]
TAGGING = {"S3PutObjectTagging": {"TagSet": [{"Key": "a", "Value": "1"}]}}
FIELDS = ["Bucket", "Key"]


@pytest.fixture
def batch(role):
    """The role that jobs act as."""
    return role(SERVICE, EVERYTHING)


@pytest.fixture
def manifest(s3, bucket):
    """Stores a CSV manifest and gives it as CreateJob wants it."""

    def store(rows, fields=FIELDS, key="manifest.csv"):
        text = "".join(",".join(row) + "\n" for row in rows)
        etag = s3.put_object(Bucket=bucket, Key=key, Body=text.encode())["ETag"]
        spec = {"Format": "S3BatchOperations_CSV_20180820", "Fields": fields}
        return {"Spec": spec, "Location": {"ObjectArn": f"arn:aws:s3:::{bucket}/{key}", "ETag": etag}}

    return store


@pytest.fixture
def start(control, batch, bucket):
    """Creates a job and gives its id."""

    def start(operation, manifest=None, **params):
        report = {"Enabled": False}
        given = {
            "Operation": operation,
            "Report": report,
            "Priority": 1,
            "RoleArn": batch,
            "ConfirmationRequired": False,
        }
        if manifest is not None:
            given["Manifest"] = manifest
        return control.create_job(**{**given, **params})["JobId"]

    return start


@pytest.fixture
def ended(control, clock):
    """Waits until a job has ended, and gives its description."""

    def wait(job):
        for _ in range(400):
            found = control.describe_job(JobId=job)["Job"]
            if found["Status"] in ("Complete", "Failed", "Cancelled"):
                return found
            clock.advance(seconds=0.01)
        raise AssertionError(found)

    return wait


@pytest.fixture
def objects(s3, bucket):
    """Stores objects and gives their rows of a manifest."""

    def store(*keys):
        for key in keys:
            s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
        return [(bucket, key) for key in keys]

    return store


def counted(job):
    summary = job["ProgressSummary"]
    names = ("TotalNumberOfTasks", "NumberOfTasksSucceeded", "NumberOfTasksFailed")
    return tuple(summary[name] for name in names)


# -- what jobs do


def test_job_tags_each_object(s3, start, ended, manifest, objects, bucket):
    job = ended(start(TAGGING, manifest(objects("a", "b"))))
    assert (job["Status"], counted(job)) == ("Complete", (2, 2, 0))
    assert "TerminationDate" in job
    for key in "ab":
        assert s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == [{"Key": "a", "Value": "1"}]


def test_job_removes_tags(s3, start, ended, manifest, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1")
    ended(start({"S3DeleteObjectTagging": {}}, manifest([(bucket, "k")])))
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_job_copies_under_a_prefix_with_other_traits(s3, start, ended, manifest, objects, make_bucket):
    target = make_bucket()
    copy = {
        "TargetResource": f"arn:aws:s3:::{target}",
        "TargetKeyPrefix": "copied",
        "StorageClass": "STANDARD_IA",
        "NewObjectMetadata": {"ContentType": "text/x-own", "UserMetadata": {"who": "batch"}, "SSEAlgorithm": "AES256"},
        "NewObjectTagging": [{"Key": "a", "Value": "1 2"}],
    }
    job = ended(start({"S3PutObjectCopy": copy}, manifest(objects("dir/a"))))
    assert counted(job) == (1, 1, 0)
    found = s3.get_object(Bucket=target, Key="copied/dir/a")
    assert found["Body"].read() == b"dir/a"
    assert (found["ContentType"], found["Metadata"], found["StorageClass"]) == (
        "text/x-own",
        {"who": "batch"},
        "STANDARD_IA",
    )
    assert s3.get_object_tagging(Bucket=target, Key="copied/dir/a")["TagSet"] == [{"Key": "a", "Value": "1 2"}]


def test_job_copies_from_and_to_access_points(control, s3, start, ended, manifest, objects, bucket, make_bucket):
    objects("k")
    target = make_bucket()
    source = control.create_access_point(Name="source", Bucket=bucket)["AccessPointArn"]
    back = control.create_access_point(Name="target", Bucket=target)["AccessPointArn"]
    job = ended(start({"S3PutObjectCopy": {"TargetResource": back}}, manifest([(source, "k")])))
    assert counted(job) == (1, 1, 0)
    assert s3.get_object(Bucket=target, Key="k")["Body"].read() == b"k"


def test_keys_in_manifests_are_url_encoded(s3, start, ended, manifest, bucket):
    s3.put_object(Bucket=bucket, Key="a, b+ü", Body=b"x")
    job = ended(start(TAGGING, manifest([(bucket, "a%2C+b%2B%C3%BC")])))
    assert counted(job) == (1, 1, 0)


def test_versions_in_manifests_are_those_that_are_meant(s3, start, ended, manifest, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"2")
    ended(start(TAGGING, manifest([(bucket, "k", old)], [*FIELDS, "VersionId"])))
    assert s3.get_object_tagging(Bucket=bucket, Key="k", VersionId=old)["TagSet"]
    assert not s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]


def test_other_columns_are_ignored(start, ended, manifest, objects, bucket):
    objects("k")
    job = ended(start(TAGGING, manifest([("x", "k", bucket)], ["Ignore", "Key", "Bucket"])))
    assert counted(job) == (1, 1, 0)


def test_job_sets_acls(s3, start, ended, manifest, make_bucket):
    other = make_bucket(ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=other)
    s3.put_object(Bucket=other, Key="k", Body=b"x")
    acl = {"AccessControlPolicy": {"CannedAccessControlList": "public-read"}}
    assert counted(ended(start({"S3PutObjectAcl": acl}, manifest([(other, "k")])))) == (1, 1, 0)
    assert len(s3.get_object_acl(Bucket=other, Key="k")["Grants"]) == 2


def test_job_locks_objects(s3, start, ended, manifest, make_bucket):
    locked = make_bucket(ObjectLockEnabledForBucket=True)
    s3.put_object(Bucket=locked, Key="k", Body=b"x")
    rows = manifest([(locked, "k")])
    ended(start({"S3PutObjectLegalHold": {"LegalHold": {"Status": "ON"}}}, rows))
    assert s3.get_object_legal_hold(Bucket=locked, Key="k")["LegalHold"] == {"Status": "ON"}
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": "2035-01-01T00:00:00Z"}
    ended(start({"S3PutObjectRetention": {"Retention": retention}}, rows))
    assert s3.get_object_retention(Bucket=locked, Key="k")["Retention"]["Mode"] == "GOVERNANCE"


def test_job_restores_archived_objects(s3, start, ended, manifest, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="GLACIER")
    restore = {"S3InitiateRestoreObject": {"ExpirationInDays": 1, "GlacierJobTier": "BULK"}}
    assert counted(ended(start(restore, manifest([(bucket, "k")])))) == (1, 1, 0)
    assert 'ongoing-request="true"' in s3.head_object(Bucket=bucket, Key="k")["Restore"]


def test_job_replicates_what_was_there_before_the_rules(
    aws, s3, clock, role, start, ended, bucket, make_bucket, manifest
):
    target = make_bucket()
    for each in (bucket, target):
        s3.put_bucket_versioning(Bucket=each, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="before", Body=b"x")
    rule = {
        "ID": "all",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{target}"},
    }
    replicator = role("s3.amazonaws.com", EVERYTHING)
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration={"Role": replicator, "Rules": [rule]})
    clock.advance(seconds=60)
    assert "Contents" not in s3.list_objects_v2(Bucket=target)
    wanted = generator(bucket, EligibleForReplication=True, ObjectReplicationStatuses=["NONE"])
    job = ended(start({"S3ReplicateObject": {}}, ManifestGenerator=wanted))
    assert (job["Status"], counted(job)) == ("Complete", (1, 1, 0))
    clock.advance(seconds=60)
    assert s3.get_object(Bucket=target, Key="before")["Body"].read() == b"x"
    assert s3.head_object(Bucket=bucket, Key="before")["ReplicationStatus"] == "COMPLETED"
    again = ended(start({"S3ReplicateObject": {}}, manifest([(target, "before")])))
    assert counted(again) == (1, 0, 1)


# -- manifests


def test_manifest_of_an_inventory(s3, start, ended, objects, bucket):
    objects("a", "b")
    rows = gzip.compress(f'"{bucket}","a","1"\n"{bucket}","b","1"\n'.encode())
    s3.put_object(Bucket=bucket, Key="data/1.csv.gz", Body=rows)
    document = {
        "sourceBucket": bucket,
        "destinationBucket": f"arn:aws:s3:::{bucket}",
        "version": "2016-11-30",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "data/1.csv.gz", "size": len(rows), "MD5checksum": hashlib.md5(rows).hexdigest()}],
    }
    etag = s3.put_object(Bucket=bucket, Key="manifest.json", Body=json.dumps(document))["ETag"]
    location = {"ObjectArn": f"arn:aws:s3:::{bucket}/manifest.json", "ETag": etag}
    job = ended(start(TAGGING, {"Spec": {"Format": "S3InventoryReport_CSV_20161130"}, "Location": location}))
    assert (job["Status"], counted(job)) == ("Complete", (2, 2, 0))


def generator(bucket, **filters):
    wanted = {"SourceBucket": f"arn:aws:s3:::{bucket}", "EnableManifestOutput": False, "Filter": filters}
    return {"S3JobManifestGenerator": wanted}


@pytest.mark.parametrize(
    ("filters", "chosen"),
    [
        ({}, {"logs/a.txt", "logs/b.csv", "pics/c.txt"}),
        ({"KeyNameConstraint": {"MatchAnyPrefix": ["logs/"]}}, {"logs/a.txt", "logs/b.csv"}),
        ({"KeyNameConstraint": {"MatchAnyPrefix": ["logs/"], "MatchAnySuffix": [".txt"]}}, {"logs/a.txt"}),
        ({"KeyNameConstraint": {"MatchAnySubstring": ["cs/"]}}, {"pics/c.txt"}),
        ({"ObjectSizeGreaterThanBytes": 10}, set()),
        ({"MatchAnyStorageClass": ["GLACIER"]}, set()),
        ({"MatchAnyObjectEncryption": [{"SSES3": {}}]}, {"logs/a.txt", "logs/b.csv", "pics/c.txt"}),
        ({"CreatedAfter": "2100-01-01T00:00:00Z"}, set()),
    ],
)
def test_generated_manifest_has_what_the_filter_takes(s3, start, ended, objects, bucket, filters, chosen):
    objects("logs/a.txt", "logs/b.csv", "pics/c.txt")
    job = ended(start(TAGGING, ManifestGenerator=generator(bucket, **filters)))
    assert counted(job) == (len(chosen), len(chosen), 0)
    for key in ("logs/a.txt", "logs/b.csv", "pics/c.txt"):
        assert bool(s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]) == (key in chosen)


def test_generated_manifest_is_written(s3, start, ended, objects, bucket, make_bucket):
    objects("a b")
    out = make_bucket()
    wanted = generator(bucket)
    wanted["S3JobManifestGenerator"] |= {
        "EnableManifestOutput": True,
        "ManifestOutputLocation": {
            "Bucket": f"arn:aws:s3:::{out}",
            "ManifestPrefix": "m",
            "ManifestFormat": "S3InventoryReport_CSV_20211130",
        },
    }
    job = ended(start(TAGGING, ManifestGenerator=wanted))
    described = job["GeneratedManifestDescriptor"]
    assert described["Format"] == "S3InventoryReport_CSV_20211130"
    key = described["Location"]["ObjectArn"].partition("/")[2]
    assert key == f"m/job-{job['JobId']}/manifest.json"
    files = json.loads(s3.get_object(Bucket=out, Key=key)["Body"].read())["files"]
    rows = s3.get_object(Bucket=out, Key=files[0]["key"])["Body"].read().decode()
    assert list(csv.reader(io.StringIO(rows))) == [[bucket, "a%20b", ""]]


@pytest.mark.parametrize("text", [b"only-one-column\n", b",key\n", b"\xff\xfe"])
def test_job_with_a_bad_manifest_fails(s3, start, ended, manifest, bucket, text):
    made = manifest([])
    made["Location"]["ETag"] = s3.put_object(Bucket=bucket, Key="manifest.csv", Body=text)["ETag"]
    job = ended(start(TAGGING, made))
    assert job["Status"] == "Failed"
    assert job["FailureReasons"][0]["FailureCode"] == "InvalidManifestContent"


def test_job_fails_when_the_manifest_is_another_one_by_now(s3, start, ended, manifest, objects, bucket):
    made = manifest(objects("k"))
    s3.put_object(Bucket=bucket, Key="manifest.csv", Body=b"other")
    job = ended(start(TAGGING, made))
    assert (job["Status"], job["FailureReasons"][0]["FailureCode"]) == ("Failed", "PreconditionFailed")


# -- who may


def test_role_decides(role, s3, start, ended, manifest, objects, bucket):
    own = role(SERVICE, [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}])
    job = ended(start(TAGGING, manifest(objects("k")), RoleArn=own))
    assert (job["Status"], counted(job)) == ("Complete", (1, 0, 1))


def test_role_has_to_trust_batch_operations(role, start, ended, manifest, objects):
    other = role("ec2.amazonaws.com", EVERYTHING)
    job = ended(start(TAGGING, manifest(objects("k")), RoleArn=other))
    assert (job["Status"], job["FailureReasons"][0]["FailureCode"]) == ("Failed", "AccessDenied")


def test_caller_has_to_pass_the_role(client, user, aws, batch, manifest, objects, refused):
    made = manifest(objects("k"))
    alone = client("s3control", credentials=user([{"Effect": "Allow", "Action": "s3:CreateJob", "Resource": "*"}]))
    with refused("AccessDenied", 403):
        alone.create_job(
            AccountId=aws.account,
            Operation=TAGGING,
            Report={"Enabled": False},
            Priority=1,
            RoleArn=batch,
            Manifest=made,
        )


# -- reports


def test_report_lists_what_became_of_each_object(s3, start, ended, manifest, objects, bucket, make_bucket):
    reports = make_bucket()
    report = {
        "Enabled": True,
        "Bucket": f"arn:aws:s3:::{reports}",
        "Format": "Report_CSV_20180820",
        "ReportScope": "AllTasks",
        "Prefix": "out",
    }
    objects("a,b")
    job = start(TAGGING, manifest([(bucket, "a%2Cb"), (bucket, "missing")]), Report=report)
    assert ended(job)["Status"] == "Complete"
    index = json.loads(s3.get_object(Bucket=reports, Key=f"out/job-{job}/manifest.json")["Body"].read())
    assert index["Format"] == "Report_CSV_20180820"
    found = {}
    for each in index["Results"]:
        assert each["Bucket"] == reports
        assert each["Key"].startswith(f"out/job-{job}/results/")
        data = s3.get_object(Bucket=reports, Key=each["Key"])["Body"].read()
        assert hashlib.md5(data).hexdigest() == each["MD5Checksum"]
        found[each["TaskExecutionStatus"]] = list(csv.reader(io.StringIO(data.decode())))
    assert found == {
        "succeeded": [[bucket, "a%2Cb", "", "succeeded", "200", "", "Successful"]],
        "failed": [[bucket, "missing", "", "failed", "404", "NoSuchKey", "The specified key does not exist."]],
    }


def test_report_of_failures_only(s3, start, ended, manifest, objects, bucket, make_bucket):
    reports = make_bucket()
    report = {
        "Enabled": True,
        "Bucket": f"arn:aws:s3:::{reports}",
        "Format": "Report_CSV_20180820",
        "ReportScope": "FailedTasksOnly",
    }
    job = start(TAGGING, manifest(objects("k")), Report=report)
    ended(job)
    assert json.loads(s3.get_object(Bucket=reports, Key=f"job-{job}/manifest.json")["Body"].read())["Results"] == []


def test_job_computes_checksums_into_its_report(s3, start, ended, manifest, objects, make_bucket):
    reports = make_bucket()
    report = {
        "Enabled": True,
        "Bucket": f"arn:aws:s3:::{reports}",
        "Format": "Report_CSV_20180820",
        "ReportScope": "AllTasks",
    }
    job = start({"S3ComputeObjectChecksum": {"ChecksumAlgorithm": "SHA256"}}, manifest(objects("k")), Report=report)
    assert counted(ended(job)) == (1, 1, 0)
    index = json.loads(s3.get_object(Bucket=reports, Key=f"job-{job}/manifest.json")["Body"].read())
    data = s3.get_object(Bucket=reports, Key=index["Results"][0]["Key"])["Body"].read().decode()
    said = json.loads(next(csv.reader(io.StringIO(data)))[6])
    assert said["checksum_hex"] == hashlib.sha256(b"k").hexdigest().upper()


# -- statuses, priorities, lists


def test_job_that_asks_waits_for_an_answer(control, s3, clock, start, ended, manifest, objects, bucket, refused):
    job = start(TAGGING, manifest(objects("k")), ConfirmationRequired=True)
    clock.advance(seconds=5)
    found = control.describe_job(JobId=job)["Job"]
    assert (found["Status"], found["SuspendedCause"]) == ("Suspended", "AWAITING_CONFIRMATION")
    assert not s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    assert control.update_job_status(JobId=job, RequestedJobStatus="Ready")["Status"] == "Ready"
    assert ended(job)["Status"] == "Complete"
    for wanted in ("Ready", "Cancelled"):
        with refused("JobStatusException", 400):
            control.update_job_status(JobId=job, RequestedJobStatus=wanted)


def test_cancelled_job_does_nothing_more(control, s3, clock, start, ended, manifest, objects, bucket):
    job = start(TAGGING, manifest(objects("k")), ConfirmationRequired=True)
    clock.advance(seconds=5)
    control.update_job_status(JobId=job, RequestedJobStatus="Cancelled", StatusUpdateReason="no need")
    found = ended(job)
    assert (found["Status"], found["StatusUpdateReason"], counted(found)) == ("Cancelled", "no need", (1, 0, 0))
    assert not s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]


def test_job_that_mostly_fails_is_given_up_after_a_thousand(start, ended, manifest, bucket):
    job = ended(start(TAGGING, manifest([(bucket, f"missing{number}") for number in range(1600)])))
    assert job["Status"] == "Failed"
    assert counted(job) == (1600, 0, 1000)


def by(name):
    return {"S3PutObjectTagging": {"TagSet": [{"Key": "by", "Value": name}]}}


def test_more_urgent_job_comes_first(s3, bucket, start, ended, manifest, objects):
    (row,) = objects("k")
    long = start(by("long"), manifest([row] * 5000), Priority=1)
    urgent = start(by("urgent"), manifest([row], key="short.csv"), Priority=5)
    assert (ended(urgent)["Status"], ended(long)["Status"]) == ("Complete", "Complete")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "by", "Value": "long"}]  # the last one


def test_priority_can_be_changed_until_the_end(control, clock, start, ended, manifest, objects, refused):
    job = start(TAGGING, manifest(objects("k")), ConfirmationRequired=True)
    clock.advance(seconds=5)
    assert control.update_job_priority(JobId=job, Priority=9)["Priority"] == 9
    control.update_job_status(JobId=job, RequestedJobStatus="Ready")
    assert ended(job)["Priority"] == 9
    with refused("InvalidRequest", 400):
        control.update_job_priority(JobId=job, Priority=1)


def test_token_gives_the_same_job_again(control, batch, manifest, objects, refused):
    given = {
        "Operation": TAGGING,
        "Report": {"Enabled": False},
        "Priority": 1,
        "RoleArn": batch,
        "Manifest": manifest(objects("k")),
        "ClientRequestToken": "once",
    }
    first = control.create_job(**given)["JobId"]
    assert control.create_job(**given)["JobId"] == first
    with refused("IdempotencyException", 400):
        control.create_job(**{**given, "Priority": 2})


def test_jobs_are_listed_the_newest_first_by_page_and_status(control, clock, start, manifest, objects, ended, refused):
    made = manifest(objects("k"))
    created = []
    for _ in range(3):
        created.append(start(TAGGING, made, Description="d"))
        clock.advance(seconds=1)
    ended(created[-1])
    found, token = [], {}
    while True:
        page = control.list_jobs(MaxResults=2, **token)
        found += [each["JobId"] for each in page["Jobs"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == created[::-1]
    assert control.list_jobs(JobStatuses=["Suspended"])["Jobs"] == []
    assert control.list_jobs(JobStatuses=["Complete"])["Jobs"][0]["Operation"] == "S3PutObjectTagging"
    with refused("InvalidNextTokenException", 400):
        control.list_jobs(NextToken="garbage")


def test_ended_jobs_are_kept_for_90_days(control, clock, start, ended, manifest, objects, refused):
    job = start(TAGGING, manifest(objects("k")))
    ended(job)
    clock.advance(days=89)
    control.describe_job(JobId=job)
    clock.advance(days=2)
    with refused("NoSuchJob", 404):
        control.describe_job(JobId=job)


def test_tags_of_a_job(control, start, manifest, objects, refused):
    job = start(TAGGING, manifest(objects("k")), Tags=[{"Key": "a", "Value": "1"}])
    assert control.get_job_tagging(JobId=job)["Tags"] == [{"Key": "a", "Value": "1"}]
    control.put_job_tagging(JobId=job, Tags=[{"Key": "b", "Value": "2"}])
    assert control.get_job_tagging(JobId=job)["Tags"] == [{"Key": "b", "Value": "2"}]
    control.delete_job_tagging(JobId=job)
    assert control.get_job_tagging(JobId=job)["Tags"] == []
    with refused("TooManyTagsException", 400):
        control.put_job_tagging(JobId=job, Tags=[{"Key": str(n), "Value": ""} for n in range(51)])
    with refused("NoSuchJob", 404):
        control.get_job_tagging(JobId="00000000-0000-0000-0000-000000000000")


@pytest.mark.parametrize(
    "wrong",
    [
        {"Operation": {**TAGGING, "S3DeleteObjectTagging": {}}},
        {"Operation": {"S3PutObjectCopy": {}}},
        {"Report": {"Enabled": True}},
        {"ManifestGenerator": generator("b")},
    ],
)
def test_job_has_to_make_sense(start, manifest, refused, wrong):
    with refused("InvalidRequest", 400):
        start(wrong.pop("Operation", TAGGING), manifest([]), **wrong)


def test_manifest_needs_a_bucket_and_a_key(start, manifest, refused):
    with refused("InvalidRequest", 400):
        start(TAGGING, manifest([], ["Key"]))


def test_job_needs_a_service_that_is_there(fogbank_server, start, manifest, refused):
    if fogbank_server.app.services.get("lambda") is None:
        with refused("NotImplemented", 501):
            start({"LambdaInvoke": {"FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:f"}}, manifest([]))
