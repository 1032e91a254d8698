"""Bucket policies, ACLs, ownership and the block on public access, as those see it who are let in or kept out."""

import json

import pytest

STRANGER = "111122223333"


@pytest.fixture
def stranger(aws):
    return aws("s3", account=STRANGER)


@pytest.fixture
def allow(s3):
    """Puts a policy with one statement on a bucket."""

    def allow(bucket, effect="Allow", principal=None, action="s3:GetObject", path="/*", **more):
        principal = principal or {"AWS": f"arn:aws:iam::{STRANGER}:root"}
        statement = {
            "Effect": effect,
            "Principal": principal,
            "Action": action,
            "Resource": f"arn:aws:s3:::{bucket}{path}",
            **more,
        }
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    return allow


@pytest.fixture
def opened(s3, make_bucket):
    """A bucket that has ACLs and does not block public access."""
    bucket = make_bucket(ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=bucket)
    return bucket


def test_stranger_is_kept_out(refused, stranger, bucket, put):
    put(bucket, "k")
    with refused("AccessDenied", 403, Message="Access Denied"):
        stranger.get_object(Bucket=bucket, Key="k")
    with refused("AccessDenied", 403):
        stranger.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("AccessDenied", 403):
        stranger.put_object(Bucket=bucket, Key="k", Body=b"x" * 1_000_000)
    with refused("AccessDenied", 403):
        stranger.list_objects_v2(Bucket=bucket)


def test_anonymous_is_kept_out(raw, bucket, put):
    put(bucket, "k")
    assert raw("GET", f"/{bucket}/k", signed=False).refusal == (403, "AccessDenied")
    assert raw("PUT", f"/{bucket}/k", b"x", signed=False).refusal == (403, "AccessDenied")
    assert raw("GET", "/", signed=False).refusal == (403, "AccessDenied")


def test_policy_lets_a_stranger_in_as_far_as_it_says(refused, stranger, allow, bucket, put):
    put(bucket, "pub/k", b"x")
    put(bucket, "private", b"x")
    allow(bucket, path="/pub/*")
    assert stranger.get_object(Bucket=bucket, Key="pub/k")["Body"].read() == b"x"
    with refused("AccessDenied", 403):
        stranger.get_object(Bucket=bucket, Key="private")
    with refused("AccessDenied", 403):
        stranger.delete_object(Bucket=bucket, Key="pub/k")


def test_who_may_not_list_is_not_told_what_is_missing(refused, stranger, allow, bucket):
    allow(bucket)
    with refused("AccessDenied", 403):
        stranger.get_object(Bucket=bucket, Key="nothing")
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    allow(bucket, action=["s3:GetObject", "s3:ListBucket"], Resource=resources)
    with refused("NoSuchKey", 404):
        stranger.get_object(Bucket=bucket, Key="nothing")


def test_version_needs_an_action_of_its_own(refused, stranger, allow, versioned, put):
    version = put(versioned, "k", b"x")
    allow(versioned)
    with refused("AccessDenied", 403):
        stranger.get_object(Bucket=versioned, Key="k", VersionId=version)
    allow(versioned, action="s3:GetObjectVersion")
    assert stranger.get_object(Bucket=versioned, Key="k", VersionId=version)["Body"].read() == b"x"


def test_copy_needs_to_read_the_source(refused, stranger, allow, bucket, put, new_name):
    put(bucket, "k", b"x")
    there = new_name()
    stranger.create_bucket(Bucket=there)
    with refused("AccessDenied", 403):
        stranger.copy_object(Bucket=there, Key="k", CopySource=f"{bucket}/k")
    allow(bucket)
    stranger.copy_object(Bucket=there, Key="k", CopySource=f"{bucket}/k")
    assert stranger.get_object(Bucket=there, Key="k")["Body"].read() == b"x"


def test_delete_of_many_asks_for_each(stranger, allow, bucket, put):
    put(bucket, "pub/k")
    put(bucket, "private")
    allow(bucket, action="s3:DeleteObject", path="/pub/*")
    answer = stranger.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "pub/k"}, {"Key": "private"}]})
    assert answer["Deleted"] == [{"Key": "pub/k"}]
    assert [(error["Key"], error["Code"]) for error in answer["Errors"]] == [("private", "AccessDenied")]


def test_deny_holds_against_the_owner_too(refused, s3, allow, bucket, put, get):
    put(bucket, "k")
    allow(bucket, effect="Deny", principal="*", action="s3:GetObject")
    with refused("AccessDenied", 403):
        get(bucket, "k")
    s3.delete_bucket_policy(Bucket=bucket)
    assert get(bucket, "k") == b"x"


def test_owners_root_can_always_mend_the_policy(refused, s3, allow, bucket):
    allow(bucket, effect="Deny", principal="*", action="s3:*", path="")
    with refused("AccessDenied", 403):
        s3.list_objects_v2(Bucket=bucket)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"]
    s3.delete_bucket_policy(Bucket=bucket)
    assert s3.list_objects_v2(Bucket=bucket)


def test_conditions_of_s3_are_known(refused, stranger, allow, bucket, put):
    put(bucket, "pub/k")
    condition = {"StringLike": {"s3:prefix": "pub/*"}}
    allow(bucket, action="s3:ListBucket", path="", Condition=condition)
    assert stranger.list_objects_v2(Bucket=bucket, Prefix="pub/k")["KeyCount"] == 1
    with refused("AccessDenied", 403):
        stranger.list_objects_v2(Bucket=bucket, Prefix="private/")


def test_tags_and_acls_need_permissions_of_their_own(refused, stranger, allow, bucket):
    allow(bucket, action="s3:PutObject")
    stranger.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("AccessDenied", 403):
        stranger.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=b")
    with refused("AccessDenied", 403):
        stranger.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="bucket-owner-full-control")
    allow(bucket, action=["s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectAcl"])
    stranger.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=b", ACL="bucket-owner-full-control")


def test_tags_of_the_object_are_conditions(refused, s3, stranger, allow, bucket, put):
    put(bucket, "open", b"x", Tagging="level=public")
    put(bucket, "closed", b"x", Tagging="level=secret")
    allow(bucket, Condition={"StringEquals": {"s3:ExistingObjectTag/level": "public"}})
    assert stranger.get_object(Bucket=bucket, Key="open")["Body"].read() == b"x"
    with refused("AccessDenied", 403):
        stranger.get_object(Bucket=bucket, Key="closed")
    denied = {"StringEquals": {"s3:ExistingObjectTag/level": "secret"}}
    allow(bucket, effect="Deny", principal="*", Condition=denied)
    assert s3.get_object(Bucket=bucket, Key="open")["Body"].read() == b"x"
    with refused("AccessDenied", 403):
        s3.get_object(Bucket=bucket, Key="closed")


def test_tags_of_the_request_are_conditions(refused, stranger, allow, bucket):
    condition = {"StringEquals": {"s3:RequestObjectTag/team": "a"}}
    allow(bucket, action=["s3:PutObject", "s3:PutObjectTagging"], Condition=condition)
    stranger.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="team=a")
    with refused("AccessDenied", 403):
        stranger.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="team=b")


def test_who_has_an_etag_compared_has_to_be_let_read(refused, stranger, allow, bucket, put):
    put(bucket, "k")
    allow(bucket, action=["s3:PutObject", "s3:DeleteObject"])
    stranger.put_object(Bucket=bucket, Key="another", Body=b"x", IfNoneMatch="*")
    for call in (stranger.put_object, stranger.delete_object):
        with refused("AccessDenied", 403):
            call(Bucket=bucket, Key="k", IfMatch='"0123"')
    allow(bucket, action=["s3:PutObject", "s3:DeleteObject", "s3:GetObject"])
    with refused("PreconditionFailed", 412):
        stranger.delete_object(Bucket=bucket, Key="k", IfMatch='"0123"')


def test_policy_comes_back_as_it_was_put(refused, s3, bucket):
    with refused("NoSuchBucketPolicy", 404, Message="The bucket policy does not exist"):
        s3.get_bucket_policy(Bucket=bucket)
    statement = (
        f'{{"Effect":"Allow","Principal":{{"AWS":"{STRANGER}"}},"Action":"s3:*","Resource":"arn:aws:s3:::{bucket}"}}'
    )
    text = f'{{"Version":"2012-10-17",  "Statement":[{statement}]}}'
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False


@pytest.mark.parametrize(
    "change",
    [{"path": "x/*"}, {"action": "sqs:SendMessage"}, {"effect": "Perhaps"}],
)
def test_policy_has_to_be_one_for_this_bucket(refused, s3, allow, bucket, change):
    with refused("MalformedPolicy", 400):
        allow(bucket, **change)
    with refused("MalformedPolicy", 400):
        s3.put_bucket_policy(Bucket=bucket, Policy="garbage")
    with refused("NoSuchBucketPolicy", 404):
        s3.get_bucket_policy(Bucket=bucket)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"action": "s3:ListObjects"}, "Policy has invalid action"),
        ({"action": "s3:Fetch*"}, "Policy has invalid action"),
        ({"Condition": {"StringEquals": {"s3:colour": "red"}}}, "Policy has an invalid condition key"),
        (
            {"Condition": {"StringEquals": {"s3:prefix": "a/"}}},
            "Conditions do not apply to combination of actions and resources in statement",
        ),
    ],
)
def test_actions_and_conditions_have_to_be_there(refused, allow, bucket, change, message):
    with refused("MalformedPolicy", 400, Message=message):
        allow(bucket, **change)


@pytest.mark.parametrize(
    "statement",
    [
        {"principal": {"Service": "logging.s3.amazonaws.com"}, "action": "s3:PutObject"},
        {"principal": {"Federated": "cognito-identity.amazonaws.com"}},
        {"principal": {"CanonicalUser": "ab" * 32}},
        {"principal": {"AWS": ["444455556666", "arn:aws:sts::444455556666:assumed-role/role/session"]}},
        {
            "effect": "Deny",
            "principal": "*",
            "action": "s3:*",
            "Condition": {"NumericLessThan": {"s3:TlsVersion": 1.2}},
        },
        {"action": "S3:INITIATEREPLICATION", "Condition": {"StringEquals": {"s3:authType": "REST-HEADER"}}},
    ],
)
def test_what_aws_takes_is_taken(allow, bucket, statement):
    allow(bucket, **statement)


def test_principals_of_an_account_have_to_be_there(refused, aws, allow, bucket):
    with refused("MalformedPolicy", 400, Message="Invalid principal in policy"):
        allow(bucket, principal={"AWS": f"arn:aws:iam::{aws.account}:user/nobody"})
    allow(bucket, principal={"AWS": aws("iam").create_user(UserName="somebody")["User"]["Arn"]})


def test_principals_elsewhere_may_be_anybody(allow, bucket):
    identity = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity EH1HDMB1FH2TC"
    allow(bucket, principal={"AWS": ["arn:aws:iam::464622532012:role/of-a-vendor", identity]})


# -- public access


def test_new_bucket_blocks_public_access(refused, s3, allow, bucket):
    blocks = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(blocks.values()) == {True}
    with refused("AccessDenied", 403) as caught:
        allow(bucket, principal="*")
    assert "BlockPublicPolicy" in str(caught.value)


def test_public_policy_lets_everyone_in(s3, raw, allow, bucket, put):
    put(bucket, "k", b"x")
    s3.delete_public_access_block(Bucket=bucket)
    allow(bucket, principal="*")
    assert raw("GET", f"/{bucket}/k", signed=False).body == b"x"
    assert raw("PUT", f"/{bucket}/k", b"x", signed=False).status == 403
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True


def test_restricted_bucket_lets_in_none_of_the_public(s3, raw, allow, bucket, put, get):
    put(bucket, "k", b"x")
    s3.delete_public_access_block(Bucket=bucket)
    allow(bucket, principal="*")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    assert raw("GET", f"/{bucket}/k", signed=False).status == 403
    assert get(bucket, "k") == b"x"


def test_block_is_put_and_deleted(refused, s3, bucket):
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }
    s3.delete_public_access_block(Bucket=bucket)
    with refused("NoSuchPublicAccessBlockConfiguration", 404):
        s3.get_public_access_block(Bucket=bucket)


@pytest.mark.parametrize(
    ("more", "public"),
    [
        ({}, True),
        ({"principal": {"AWS": "*"}}, True),
        ({"principal": {"AWS": STRANGER}}, False),
        ({"principal": {"Service": "logging.s3.amazonaws.com"}}, False),
        ({"effect": "Deny"}, False),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}}, True),
        ({"Condition": {"StringLike": {"aws:SourceVpc": "*"}}}, True),
        ({"Condition": {"StringEquals": {"aws:UserAgent": "x"}}}, True),
    ],
)
def test_what_makes_a_policy_public(s3, allow, bucket, more, public):
    s3.delete_public_access_block(Bucket=bucket)
    allow(bucket, **{"principal": "*", **more})
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is public


# -- ACLs


def test_owner_has_full_control(s3, bucket, put):
    put(bucket, "k")
    owner = s3.list_buckets()["Owner"]["ID"]
    for answer in (s3.get_bucket_acl(Bucket=bucket), s3.get_object_acl(Bucket=bucket, Key="k")):
        assert answer["Owner"] == {"ID": owner}
        assert answer["Grants"] == [{"Grantee": {"ID": owner, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}]


def test_new_bucket_takes_no_acls(refused, s3, bucket, put):
    message = "The bucket does not allow ACLs"
    with refused("AccessControlListNotSupported", 400, Message=message):
        put(bucket, "k", ACL="public-read")
    with refused("AccessControlListNotSupported", 400):
        s3.put_bucket_acl(Bucket=bucket, ACL="private")
    put(bucket, "k", ACL="bucket-owner-full-control")


def test_new_bucket_is_not_public(refused, s3, new_name):
    message = "Bucket cannot have public ACLs set with BlockPublicAccess enabled"
    with refused("InvalidBucketAclWithBlockPublicAccessError", 400, Message=message):
        s3.create_bucket(Bucket=new_name(), ACL="public-read", ObjectOwnership="ObjectWriter")


def test_public_object_is_read_by_everyone(raw, opened, put):
    put(opened, "open", b"x", ACL="public-read")
    put(opened, "closed", b"x")
    assert raw("GET", f"/{opened}/open", signed=False).body == b"x"
    assert raw("GET", f"/{opened}/closed", signed=False).refusal == (403, "AccessDenied")
    assert raw("PUT", f"/{opened}/open", b"y", signed=False).refusal == (403, "AccessDenied")


def test_public_bucket_is_listed_and_written_by_everyone(s3, raw, opened, get):
    s3.put_bucket_acl(Bucket=opened, ACL="public-read")
    assert raw("GET", f"/{opened}?list-type=2", signed=False).status == 200
    assert raw("PUT", f"/{opened}/k", b"y", signed=False).status == 403
    s3.put_bucket_acl(Bucket=opened, ACL="public-read-write")
    assert raw("PUT", f"/{opened}/k", b"y", signed=False).status == 200
    assert get(opened, "k") == b"y"
    grants = s3.get_bucket_acl(Bucket=opened)["Grants"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL", "READ", "WRITE"]


def test_object_acl_is_changed(s3, raw, opened, put):
    put(opened, "k")
    s3.put_object_acl(Bucket=opened, Key="k", ACL="public-read")
    assert raw("GET", f"/{opened}/k", signed=False).status == 200
    s3.put_object_acl(Bucket=opened, Key="k", ACL="private")
    assert raw("GET", f"/{opened}/k", signed=False).status == 403


def test_block_ignores_public_acls_or_refuses_them(refused, s3, raw, opened, put):
    put(opened, "k", ACL="public-read")
    s3.put_public_access_block(Bucket=opened, PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    assert raw("GET", f"/{opened}/k", signed=False).status == 403
    s3.put_public_access_block(Bucket=opened, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    with refused("AccessDenied", 403):
        put(opened, "k", ACL="public-read")


def test_ownership_controls(refused, s3, bucket):
    rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    wanted = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=wanted)
    assert s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"] == wanted
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    with refused("OwnershipControlsNotFoundError", 404):
        s3.get_bucket_ownership_controls(Bucket=bucket)


def test_ownership_cannot_end_acls_that_are_public(refused, s3, opened):
    s3.put_bucket_acl(Bucket=opened, ACL="public-read")
    with refused("InvalidBucketAclWithObjectOwnership", 400):
        s3.put_bucket_ownership_controls(
            Bucket=opened, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        )


@pytest.mark.parametrize(
    ("action", "resource"),
    [("s3:GetObject", ""), ("s3:Get*Object", ""), ("s3:ListBucket", "/*"), (["s3:GetObject", "s3:ListBucket"], "/*")],
)
def test_action_has_to_apply_to_a_resource(refused, s3, bucket, action, resource):
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": action,
        "Resource": f"arn:aws:s3:::{bucket}{resource}",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    with refused("MalformedPolicy", 400, Message="Action does not apply to any resource(s) in statement"):
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))
    for there in ([f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"], f"arn:aws:s3:::{bucket}*"):
        statement["Resource"] = there
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))
