"""Replication: what is carried where, under which conditions, and what it is like when it arrives."""

import json
import urllib.request

import pytest

from fogbank.services.s3.replication import replicas
from fogbank.testing import Clients, ServerProcess

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
LARGE = b"L" * 100_000


def allow(*actions, resource="*"):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource}]}


ALL = allow(
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:GetObjectVersionForReplication",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionTagging",
    "s3:ReplicateObject",
    "s3:ReplicateDelete",
    "s3:ReplicateTags",
    "s3:ObjectOwnerOverrideToBucketOwner",
)


@pytest.fixture
def role(aws):
    """Gives the ARN of a new role that S3 may assume, with a policy."""

    def role(policy=ALL, trust=TRUST, name="replicator"):
        iam = aws("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
        return arn

    return role


@pytest.fixture
def target(make_bucket):
    return make_bucket("Enabled")


@pytest.fixture
def replicate(s3, versioned, target, role):
    """Gives the versioned bucket one rule for all objects, unless told otherwise."""

    def replicate(destination=None, source=versioned, arn=None, policy=ALL, **members):
        rule = {
            "ID": "r",
            "Status": "Enabled",
            "Priority": 1,
            "Filter": {},
            "DeleteMarkerReplication": {"Status": "Disabled"},
            "Destination": {"Bucket": f"arn:aws:s3:::{target}", **(destination or {})},
            **members,
        }
        rules = {"Role": arn or role(policy), "Rules": [rule]}
        s3.put_bucket_replication(Bucket=source, ReplicationConfiguration=rules)

    return replicate


@pytest.fixture
def settled(s3, clock):
    """Waits until a version is not pending any more, and gives its status."""

    def settled(bucket, key, **params):
        for _ in range(200):
            status = s3.head_object(Bucket=bucket, Key=key, **params).get("ReplicationStatus")
            if status != "PENDING":
                return status
            clock.advance(seconds=0.01)
        raise AssertionError("still pending")

    return settled


@pytest.mark.parametrize("body", [b"", b"small", b"m" * 5000, LARGE], ids=len)
def test_replica_is_its_source(s3, versioned, target, replicate, settled, put, get, body):
    replicate()
    version = put(
        versioned, "k", body, Metadata={"a": "b"}, ContentType="text/x", Tagging="t=1", CacheControl="no-cache"
    )
    assert settled(versioned, "k") == "COMPLETED"
    source, replica = (s3.head_object(Bucket=bucket, Key="k") for bucket in (versioned, target))
    assert replica["ReplicationStatus"] == "REPLICA"
    same = ("VersionId", "ETag", "LastModified", "Metadata", "ContentType", "CacheControl", "TagCount")
    assert {name: replica[name] for name in same} == {name: source[name] for name in same}
    assert (replica["VersionId"], get(target, "k")) == (version, body)


def test_object_of_parts_is_replicated_as_it_is(s3, versioned, target, replicate, settled, upload, get):
    replicate()
    first = b"1" * (5 * 1024 * 1024)
    sha = {"ChecksumAlgorithm": "SHA256"}
    etag = upload(versioned, "k", [first, b"2"], part=sha, **sha)["ETag"]
    assert settled(versioned, "k") == "COMPLETED"
    assert get(target, "k") == first + b"2"
    assert get(target, "k", PartNumber=2) == b"2"
    replica = s3.head_object(Bucket=target, Key="k", ChecksumMode="ENABLED")
    assert (replica["ETag"], replica["ChecksumType"]) == (etag, "COMPOSITE")


def test_copy_is_replicated(s3, versioned, target, replicate, settled, put, get):
    put(versioned, "old", b"bytes")
    replicate()
    s3.copy_object(Bucket=versioned, Key="new", CopySource=f"{versioned}/old")
    assert settled(versioned, "new") == "COMPLETED"
    assert get(target, "new") == b"bytes"


def test_what_was_there_before_is_not_replicated(s3, versioned, target, replicate, settled, put):
    put(versioned, "k")
    replicate()
    assert settled(versioned, "k") is None
    assert "Contents" not in s3.list_objects_v2(Bucket=target)


def test_what_was_there_before_is_replicated_where_the_rule_says_so(
    versioned, target, replicate, settled, put, get, clock
):
    put(versioned, "k", b"1")
    put(versioned, "k", b"2")
    replicate(ExistingObjectReplication={"Status": "Enabled"})
    clock.advance(seconds=1)
    assert settled(versioned, "k") == "COMPLETED"
    assert get(target, "k") == b"2"


def test_only_what_the_filter_names_is_replicated(s3, versioned, target, replicate, settled, put):
    tags = [{"Key": "a", "Value": "1"}]
    replicate(Filter={"And": {"Prefix": "x/", "Tags": tags}})
    put(versioned, "x/tagged", Tagging="a=1")
    put(versioned, "x/plain")
    put(versioned, "tagged", Tagging="a=1")
    statuses = [settled(versioned, key) for key in ("x/tagged", "x/plain", "tagged")]
    assert statuses == ["COMPLETED", None, None]
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=target)["Contents"]] == ["x/tagged"]


def test_rule_of_the_highest_priority_has_the_word(s3, versioned, target, role, settled, put):
    destination = {"Bucket": f"arn:aws:s3:::{target}"}
    common = {"Status": "Enabled", "Filter": {}, "DeleteMarkerReplication": {"Status": "Disabled"}}
    rules = [
        {**common, "ID": "low", "Priority": 1, "Destination": {**destination, "StorageClass": "GLACIER"}},
        {**common, "ID": "high", "Priority": 2, "Destination": {**destination, "StorageClass": "STANDARD_IA"}},
    ]
    s3.put_bucket_replication(Bucket=versioned, ReplicationConfiguration={"Role": role(), "Rules": rules})
    put(versioned, "k")
    settled(versioned, "k")
    assert s3.head_object(Bucket=target, Key="k")["StorageClass"] == "STANDARD_IA"


def test_one_object_goes_to_several_buckets(s3, versioned, make_bucket, role, settled, put, get):
    targets = [make_bucket("Enabled"), make_bucket("Enabled")]
    rules = [
        {
            "ID": name,
            "Priority": number,
            "Status": "Enabled",
            "Filter": {},
            "DeleteMarkerReplication": {"Status": "Disabled"},
            "Destination": {"Bucket": f"arn:aws:s3:::{name}"},
        }
        for number, name in enumerate(targets)
    ]
    s3.put_bucket_replication(Bucket=versioned, ReplicationConfiguration={"Role": role(), "Rules": rules})
    put(versioned, "k", b"both")
    assert settled(versioned, "k") == "COMPLETED"
    assert [get(name, "k") for name in targets] == [b"both", b"both"]


def test_bucket_in_another_region_gets_replicas(s3, versioned, make_bucket, replicate, settled, put, get):
    far = make_bucket("Enabled", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    replicate({"Bucket": f"arn:aws:s3:::{far}"})
    put(versioned, "k", b"far")
    assert settled(versioned, "k") == "COMPLETED"
    assert get(far, "k") == b"far"


# -- versions and delete markers


def test_versions_arrive_in_their_order(s3, versioned, target, replicate, settled, put):
    replicate()
    ids = [put(versioned, "k", body) for body in (LARGE, b"2", LARGE, b"4")]
    settled(versioned, "k")
    assert [entry["VersionId"] for entry in s3.list_object_versions(Bucket=target)["Versions"]] == ids[::-1]


def test_replica_lies_among_the_targets_own_versions(s3, versioned, target, replicate, settled, put, get, clock):
    replicate()
    before = put(target, "k", b"before")
    clock.advance(seconds=2)
    replica = put(versioned, "k", b"replica")
    settled(versioned, "k")
    clock.advance(seconds=2)
    after = put(target, "k", b"after")
    assert [v["VersionId"] for v in s3.list_object_versions(Bucket=target)["Versions"]] == [after, replica, before]
    assert get(target, "k") == b"after"


@pytest.mark.parametrize(("status", "hidden"), [("Enabled", True), ("Disabled", False)])
def test_delete_markers_are_replicated_where_the_rule_says_so(
    s3, versioned, target, replicate, settled, put, status, hidden
):
    replicate(DeleteMarkerReplication={"Status": status})
    put(versioned, "k")
    settled(versioned, "k")
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    put(versioned, "last")
    settled(versioned, "last")
    found = s3.list_object_versions(Bucket=target).get("DeleteMarkers", [])
    assert [entry["VersionId"] for entry in found] == [marker] * hidden


def test_rules_of_the_older_form_replicate_delete_markers(s3, versioned, target, role, settled, put):
    rule = {"ID": "r", "Status": "Enabled", "Prefix": "", "Destination": {"Bucket": f"arn:aws:s3:::{target}"}}
    s3.put_bucket_replication(Bucket=versioned, ReplicationConfiguration={"Role": role(), "Rules": [rule]})
    s3.delete_object(Bucket=versioned, Key="k")
    put(versioned, "last")
    settled(versioned, "last")
    assert [entry["Key"] for entry in s3.list_object_versions(Bucket=target)["DeleteMarkers"]] == ["k"]


def test_deleting_a_version_is_not_replicated(s3, versioned, target, replicate, settled, put, get):
    replicate()
    version = put(versioned, "k", b"kept")
    settled(versioned, "k")
    s3.delete_object(Bucket=versioned, Key="k", VersionId=version)
    put(versioned, "last")
    settled(versioned, "last")
    assert get(target, "k", VersionId=version) == b"kept"


# -- changes


def test_new_tags_are_replicated(s3, versioned, target, replicate, settled, put):
    replicate()
    version = put(versioned, "k", Tagging="a=1")
    settled(versioned, "k")
    tags = [{"Key": "b", "Value": "2"}]
    s3.put_object_tagging(Bucket=versioned, Key="k", Tagging={"TagSet": tags})
    assert settled(versioned, "k") == "COMPLETED"
    assert s3.get_object_tagging(Bucket=target, Key="k", VersionId=version)["TagSet"] == tags


def test_legal_holds_are_replicated(s3, make_bucket, replicate, settled, put):
    source, target = (make_bucket(ObjectLockEnabledForBucket=True) for _ in range(2))
    actions = [*ALL["Statement"][0]["Action"], "s3:GetObjectRetention", "s3:GetObjectLegalHold"]
    replicate({"Bucket": f"arn:aws:s3:::{target}"}, source=source, policy=allow(*actions))
    version = put(source, "k")
    settled(source, "k")
    s3.put_object_legal_hold(Bucket=source, Key="k", LegalHold={"Status": "ON"})
    assert settled(source, "k") == "COMPLETED"
    held = s3.get_object_legal_hold(Bucket=target, Key="k", VersionId=version)
    assert held["LegalHold"] == {"Status": "ON"}


def test_replicas_are_not_replicated_further(s3, versioned, target, make_bucket, replicate, role, settled, put):
    third = make_bucket("Enabled")
    arn = role()
    replicate(arn=arn)
    replicate({"Bucket": f"arn:aws:s3:::{third}"}, source=target, arn=arn)
    put(versioned, "k")
    settled(versioned, "k")
    put(target, "own")
    settled(target, "own")
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=third)["Contents"]] == ["own"]


def test_changed_tags_of_replicas_go_back_where_the_rule_says_so(s3, versioned, target, replicate, role, settled, put):
    arn = role()
    replicate(arn=arn)
    criteria = {"ReplicaModifications": {"Status": "Enabled"}}
    replicate({"Bucket": f"arn:aws:s3:::{versioned}"}, source=target, arn=arn, SourceSelectionCriteria=criteria)
    put(versioned, "k")
    settled(versioned, "k")
    tags = [{"Key": "b", "Value": "2"}]
    s3.put_object_tagging(Bucket=target, Key="k", Tagging={"TagSet": tags})
    put(target, "last")
    settled(target, "last")
    assert s3.get_object_tagging(Bucket=versioned, Key="k")["TagSet"] == tags
    assert s3.head_object(Bucket=target, Key="k")["ReplicationStatus"] == "REPLICA"
    assert settled(versioned, "k") == "COMPLETED"


# -- permissions and failures


@pytest.mark.parametrize("missing", ["s3:ReplicateObject", "s3:GetObjectVersionForReplication"])
def test_role_has_to_be_allowed(s3, versioned, target, replicate, settled, put, missing):
    actions = [action for action in ALL["Statement"][0]["Action"] if action != missing]
    replicate(policy=allow(*actions))
    put(versioned, "k")
    assert settled(versioned, "k") == "FAILED"
    assert "Contents" not in s3.list_objects_v2(Bucket=target)


def test_role_has_to_trust_s3(versioned, role, replicate, settled, put):
    trust = json.loads(json.dumps(TRUST).replace("s3.amazonaws.com", "ec2.amazonaws.com"))
    replicate(arn=role(trust=trust))
    put(versioned, "k")
    assert settled(versioned, "k") == "FAILED"


def test_missing_role_fails(aws, versioned, replicate, settled, put):
    replicate(arn=f"arn:aws:iam::{aws.account}:role/nobody")
    put(versioned, "k")
    assert settled(versioned, "k") == "FAILED"


def test_other_account_has_to_let_the_role_in(aws, s3, versioned, replicate, role, settled, put, new_name):
    account = str(int(aws.account) + 1)
    other = aws("s3", account=account)
    theirs = new_name()
    other.create_bucket(Bucket=theirs)
    other.put_bucket_versioning(Bucket=theirs, VersioningConfiguration={"Status": "Enabled"})
    arn = role()
    takes_over = {"Account": account, "AccessControlTranslation": {"Owner": "Destination"}}
    replicate({"Bucket": f"arn:aws:s3:::{theirs}", **takes_over}, arn=arn)
    put(versioned, "refused")
    assert settled(versioned, "refused") == "FAILED"
    policy = allow("s3:ReplicateObject", "s3:ObjectOwnerOverrideToBucketOwner", resource=f"arn:aws:s3:::{theirs}/*")
    policy["Statement"][0]["Principal"] = {"AWS": arn}
    other.put_bucket_policy(Bucket=theirs, Policy=json.dumps(policy))
    put(versioned, "taken")
    assert settled(versioned, "taken") == "COMPLETED"
    assert other.get_object(Bucket=theirs, Key="taken")["Body"].read() == b"x"


def test_target_without_versioning_fails(s3, versioned, target, replicate, settled, put):
    replicate()
    s3.put_bucket_versioning(Bucket=target, VersioningConfiguration={"Status": "Suspended"})
    put(versioned, "k")
    assert settled(versioned, "k") == "FAILED"


def test_lifecycle_waits_for_what_was_not_replicated(s3, versioned, aws, replicate, settled, put, clock):
    replicate(arn=f"arn:aws:iam::{aws.account}:role/nobody")
    put(versioned, "k")
    settled(versioned, "k")
    rule = {"ID": "r", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=versioned, LifecycleConfiguration={"Rules": [rule]})
    clock.advance(days=3)
    assert settled(versioned, "k") == "FAILED"


# -- encryption


def test_objects_under_kms_are_replicated_only_where_the_rule_says_so(s3, versioned, replicate, settled, put):
    replicate()
    put(versioned, "k", ServerSideEncryption="aws:kms")
    assert settled(versioned, "k") is None


@pytest.mark.parametrize("body", [b"small", LARGE], ids=len)
def test_replica_is_under_the_key_of_the_rule(aws, s3, versioned, target, replicate, settled, put, get, body):
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    policy = json.loads(json.dumps(ALL))
    policy["Statement"][0]["Action"] += ["kms:Decrypt", "kms:GenerateDataKey"]
    replicate(
        {"EncryptionConfiguration": {"ReplicaKmsKeyID": key}},
        policy=policy,
        SourceSelectionCriteria={"SseKmsEncryptedObjects": {"Status": "Enabled"}},
    )
    put(versioned, "k", body, ServerSideEncryption="aws:kms")
    assert settled(versioned, "k") == "COMPLETED"
    replica = s3.head_object(Bucket=target, Key="k")
    assert (replica["ServerSideEncryption"], replica["SSEKMSKeyId"]) == ("aws:kms", key)
    assert get(target, "k") == body


# -- the configuration


def test_configuration_comes_back_until_it_is_deleted(refused, s3, versioned, replicate):
    with refused("ReplicationConfigurationNotFoundError", 404):
        s3.get_bucket_replication(Bucket=versioned)
    replicate()
    (rule,) = s3.get_bucket_replication(Bucket=versioned)["ReplicationConfiguration"]["Rules"]
    assert (rule["ID"], rule["Filter"], rule["Priority"]) == ("r", {}, 1)
    s3.delete_bucket_replication(Bucket=versioned)
    with refused("ReplicationConfigurationNotFoundError", 404):
        s3.get_bucket_replication(Bucket=versioned)


def test_source_stays_versioned(refused, s3, versioned, replicate):
    replicate()
    with refused("InvalidBucketState", 409):
        s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})


def test_source_has_to_be_versioned(refused, bucket, replicate):
    message = "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
    with refused("InvalidRequest", 400, Message=message):
        replicate(source=bucket)


def test_target_has_to_be_versioned_and_there(refused, bucket, replicate, role):
    arn = role()
    with refused("InvalidRequest", 400, Message="Destination bucket must have versioning enabled."):
        replicate({"Bucket": f"arn:aws:s3:::{bucket}"}, arn=arn)
    with refused("InvalidRequest", 400, Message="Destination bucket must exist."):
        replicate({"Bucket": f"arn:aws:s3:::{bucket}-missing"}, arn=arn)


SCHEMA = "this version of Cross Region Replication configuration schema. Please refer to S3 Developer Guide for more information."
TAGGED = {"Filter": {"Tag": {"Key": "a", "Value": "b"}}, "DeleteMarkerReplication": {"Status": "Enabled"}}
REFUSED = [
    ({"Prefix": ""}, "MalformedXML", None),
    (TAGGED, "InvalidRequest", None),
    (
        {"SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}}},
        "InvalidRequest",
        "ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.",
    ),
]


@pytest.mark.parametrize(("members", "code", "message"), REFUSED)
def test_rule_is_refused(refused, replicate, members, code, message):
    with refused(code, 400, **({} if message is None else {"Message": message})):
        replicate(**members)


@pytest.mark.parametrize("name", ["Priority", "DeleteMarkerReplication"])
def test_rule_with_a_filter_says_all_that_goes_with_it(refused, s3, versioned, target, role, name):
    rule = {
        "ID": "r",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{target}"},
    }
    del rule[name]
    with refused("InvalidRequest", 400, Message=f"{name} must be specified for {SCHEMA}"):
        s3.put_bucket_replication(Bucket=versioned, ReplicationConfiguration={"Role": role(), "Rules": [rule]})


# -- after a crash


@pytest.fixture
def poisoned(monkeypatch):
    """Replicating this key meets with what nobody expected."""
    placing = replicas.place_small

    async def place_small(target):
        if target.key == "poison":
            raise ZeroDivisionError
        await placing(target)

    monkeypatch.setattr(replicas, "place_small", place_small)
    return "poison"


def test_what_nobody_expected_fails_and_the_others_go_on(versioned, replicate, settled, put, clock, poisoned):
    replicate()
    put(versioned, poisoned)
    put(versioned, "after")
    clock.advance(seconds=60)
    assert settled(versioned, poisoned) == "FAILED"
    assert settled(versioned, "after") == "COMPLETED"


def test_what_went_wrong_once_is_tried_again(
    s3, versioned, target, replicate, settled, put, clock, poisoned, monkeypatch
):
    replicate()
    put(versioned, poisoned)
    clock.advance(seconds=0.5)
    assert s3.head_object(Bucket=versioned, Key=poisoned)["ReplicationStatus"] == "PENDING"
    monkeypatch.undo()
    clock.advance(seconds=60)
    assert settled(versioned, poisoned) == "COMPLETED"


def test_queue_survives_a_kill(tmp_path):
    with ServerProcess(tmp_path / "state") as server:
        clients = Clients(server.endpoint, "111122223333")
        s3, iam = clients("s3"), clients("iam")
        arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(ALL))
        for name in ("source", "target"):
            s3.create_bucket(Bucket=name)
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        rule = {"ID": "r", "Status": "Enabled", "Prefix": "", "Destination": {"Bucket": "arn:aws:s3:::target"}}
        s3.put_bucket_replication(Bucket="source", ReplicationConfiguration={"Role": arn, "Rules": [rule]})
        ids = [s3.put_object(Bucket="source", Key=f"k{n}", Body=LARGE)["VersionId"] for n in range(30)]
        server.kill()
        server.restart()
        s3 = Clients(server.endpoint, "111122223333")("s3")
        request = urllib.request.Request(f"{server.endpoint}/_fogbank/clock", json.dumps({"advance": 60}).encode())
        urllib.request.urlopen(request, timeout=30).close()
        found = {entry["VersionId"] for entry in s3.list_object_versions(Bucket="target")["Versions"]}
        assert found == set(ids)
        assert {s3.head_object(Bucket="source", Key=f"k{n}")["ReplicationStatus"] for n in range(30)} == {"COMPLETED"}
