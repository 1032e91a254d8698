"""Access control lists: canned ones and grants, who may do what by them, and whose objects are."""

import json

import pytest

from fogbank.identity.principals import canonical_id

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"


@pytest.fixture
def opened(s3, make_bucket):
    """A bucket that takes ACLs, public ones too, and leaves objects to their writers."""
    name = make_bucket(ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=name)
    return name


@pytest.fixture
def stranger(aws):
    """The root of another account: a client, and its canonical id."""
    account = str(int(aws.account) ^ 1).zfill(12)
    return aws("s3", account=account), canonical_id(account)


@pytest.fixture
def owner(aws):
    return canonical_id(aws.account)


def shown(answer):
    """The grants of an answer as pairs."""
    return [(grant["Grantee"].get("ID") or grant["Grantee"]["URI"], grant["Permission"]) for grant in answer["Grants"]]


def document(owner, *grants):
    """An ACL of pairs (grantee, permission)."""

    def grantee(name):
        return {"Type": "Group", "URI": name} if name.startswith("http") else {"Type": "CanonicalUser", "ID": name}

    return {
        "Owner": {"ID": owner},
        "Grants": [{"Grantee": grantee(name), "Permission": permission} for name, permission in grants],
    }


# -- what is shown


@pytest.mark.parametrize(
    ("acl", "further"),
    [
        ("private", []),
        ("public-read", [(ALL_USERS, "READ")]),
        ("public-read-write", [(ALL_USERS, "READ"), (ALL_USERS, "WRITE")]),
        ("authenticated-read", [(AUTHENTICATED, "READ")]),
        ("log-delivery-write", [(LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")]),
    ],
)
def test_canned_acls_of_buckets(s3, opened, owner, acl, further):
    s3.put_bucket_acl(Bucket=opened, ACL=acl)
    answer = s3.get_bucket_acl(Bucket=opened)
    assert answer["Owner"] == {"ID": owner}
    assert shown(answer) == [(owner, "FULL_CONTROL"), *further]


@pytest.mark.parametrize("acl", ["private", "public-read", "authenticated-read", "bucket-owner-full-control"])
def test_canned_acls_of_objects(s3, opened, owner, put, acl):
    further = {"public-read": [(ALL_USERS, "READ")], "authenticated-read": [(AUTHENTICATED, "READ")]}.get(acl, [])
    put(opened, "k", ACL=acl)
    assert shown(s3.get_object_acl(Bucket=opened, Key="k")) == [(owner, "FULL_CONTROL"), *further]


def test_a_bucket_without_acls_shows_its_owners(s3, bucket, owner, put):
    put(bucket, "k")
    for answer in (s3.get_bucket_acl(Bucket=bucket), s3.get_object_acl(Bucket=bucket, Key="k")):
        assert (answer["Owner"], shown(answer)) == ({"ID": owner}, [(owner, "FULL_CONTROL")])


def test_grants_in_headers(s3, opened, owner, stranger, put, upload):
    _, other = stranger
    wanted = {"GrantRead": f'id="{other}", uri="{ALL_USERS}"', "GrantFullControl": f"id={owner}"}
    expected = [(owner, "FULL_CONTROL"), (other, "READ"), (ALL_USERS, "READ")]
    put(opened, "put", **wanted)
    s3.copy_object(Bucket=opened, Key="copied", CopySource=f"{opened}/put", **wanted)
    upload(opened, "parts", [b"x"], **wanted)
    put(opened, "changed")
    s3.put_object_acl(Bucket=opened, Key="changed", **wanted)
    for key in ("put", "copied", "parts", "changed"):
        assert shown(s3.get_object_acl(Bucket=opened, Key=key)) == expected


def test_grants_of_a_new_bucket(s3, new_name, stranger):
    name, (_, other) = new_name(), stranger
    s3.create_bucket(Bucket=name, ObjectOwnership="BucketOwnerPreferred", GrantWrite=f'id="{other}"')
    assert shown(s3.get_bucket_acl(Bucket=name)) == [(other, "WRITE")]


def test_grants_in_a_document(s3, opened, owner, stranger, put):
    _, other = stranger
    wanted = document(owner, (owner, "FULL_CONTROL"), (other, "WRITE_ACP"), (AUTHENTICATED, "READ"))
    put(opened, "k")
    s3.put_object_acl(Bucket=opened, Key="k", AccessControlPolicy=wanted)
    s3.put_bucket_acl(Bucket=opened, AccessControlPolicy=wanted)
    for answer in (s3.get_object_acl(Bucket=opened, Key="k"), s3.get_bucket_acl(Bucket=opened)):
        assert {"Owner": answer["Owner"], "Grants": answer["Grants"]} == wanted


def test_an_acl_is_of_one_version(s3, opened, owner, put):
    s3.put_bucket_versioning(Bucket=opened, VersioningConfiguration={"Status": "Enabled"})
    first, second = put(opened, "k"), put(opened, "k")
    s3.put_object_acl(Bucket=opened, Key="k", VersionId=first, ACL="public-read")
    assert len(shown(s3.get_object_acl(Bucket=opened, Key="k", VersionId=first))) == 2
    assert len(shown(s3.get_object_acl(Bucket=opened, Key="k", VersionId=second))) == 1


# -- what is refused


@pytest.mark.parametrize(
    ("params", "code", "status"),
    [
        ({"ACL": "private", "GrantRead": f'uri="{ALL_USERS}"'}, "InvalidRequest", 400),
        ({"GrantRead": "nobody"}, "InvalidArgument", 400),
        ({"GrantRead": 'id="123"'}, "InvalidArgument", 400),
        ({"GrantRead": 'uri="http://acs.amazonaws.com/groups/global/Others"'}, "InvalidArgument", 400),
        ({"GrantRead": 'emailAddress="a@example.com"'}, "MethodNotAllowed", 405),
        ({"ACL": "open"}, "InvalidArgument", 400),
    ],
)
def test_headers_have_to_make_sense(refused, s3, opened, put, params, code, status):
    put(opened, "k")
    with refused(code, status):
        s3.put_object_acl(Bucket=opened, Key="k", **params)
    with refused(code, status):
        s3.put_bucket_acl(Bucket=opened, **params)
    with refused(code, status):
        put(opened, "k", **params)


def test_documents_have_to_make_sense(refused, s3, opened, owner):
    def ask(wanted, **params):
        s3.put_bucket_acl(Bucket=opened, AccessControlPolicy=wanted, **params)

    with refused("InvalidArgument", 400, ArgumentName="CanonicalUser/ID", Message="Invalid id"):
        ask(document(owner, ("0123", "READ")))
    with refused("InvalidArgument", 400, ArgumentName="Group/URI", Message="Invalid group uri"):
        ask(document(owner, ("http://example.com", "READ")))
    with refused("AccessDenied", 403):
        ask(document("0" * 64, (owner, "READ")))
    with refused("MalformedACLError", 400):
        ask({"Grants": []})
    with refused("UnexpectedContent", 400):
        ask(document(owner, (owner, "READ")), ACL="private")
    grantee = {"Type": "AmazonCustomerByEmail", "EmailAddress": "a@example.com"}
    with refused("MethodNotAllowed", 405):
        ask({"Owner": {"ID": owner}, "Grants": [{"Grantee": grantee, "Permission": "READ"}]})


def test_an_acl_is_needed(raw, opened):
    assert raw("PUT", f"/{opened}?acl").refusal == (400, "MissingSecurityHeader")


def test_a_bucket_without_acls_takes_only_the_owners_own(refused, s3, bucket, owner, stranger, put):
    put(bucket, "k", GrantFullControl=f'id="{owner}"')
    s3.put_object_acl(Bucket=bucket, Key="k", AccessControlPolicy=document(owner, (owner, "FULL_CONTROL")))
    for params in ({"GrantRead": f'id="{stranger[1]}"'}, {"ACL": "authenticated-read"}):
        with refused("AccessControlListNotSupported", 400):
            put(bucket, "k", **params)


@pytest.mark.parametrize(
    "params", [{"ACL": "authenticated-read"}, {"GrantRead": f'uri="{ALL_USERS}"'}], ids=["canned", "grants"]
)
def test_public_acls_can_be_blocked(refused, s3, opened, put, params):
    put(opened, "k")
    s3.put_public_access_block(Bucket=opened, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    for ask in (s3.put_object, s3.put_object_acl):
        with refused("AccessDenied", 403):
            ask(Bucket=opened, Key="k", **params)
    with refused("AccessDenied", 403):
        s3.put_bucket_acl(Bucket=opened, **params)


def test_grants_need_a_permission_of_their_own(aws, refused, opened, stranger):
    iam = aws("iam")
    iam.create_user(UserName="u")
    statement = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy)
    user = aws("s3", credentials=iam.create_access_key(UserName="u")["AccessKey"])
    user.put_object(Bucket=opened, Key="k", Body=b"x")
    with refused("AccessDenied", 403):
        user.put_object(Bucket=opened, Key="k", Body=b"x", GrantRead=f'id="{stranger[1]}"')


# -- what they let others do


def test_a_grant_to_an_account_lets_it_in_and_no_other(aws, refused, s3, opened, owner, stranger, put):
    client, other = stranger
    put(opened, "k", b"x", GrantRead=f'id="{other}"')
    assert client.get_object(Bucket=opened, Key="k")["Body"].read() == b"x"
    with refused("AccessDenied", 403):
        client.get_object_acl(Bucket=opened, Key="k")
    with refused("AccessDenied", 403):
        aws("s3", account="555555555555").get_object(Bucket=opened, Key="k")


def test_each_permission_on_an_object_lets_do_its_own(refused, s3, opened, owner, stranger, put):
    client, other = stranger
    put(opened, "k")
    s3.put_object_acl(Bucket=opened, Key="k", AccessControlPolicy=document(owner, (other, "READ_ACP")))
    assert shown(client.get_object_acl(Bucket=opened, Key="k")) == [(other, "READ_ACP")]
    with refused("AccessDenied", 403):
        client.get_object(Bucket=opened, Key="k")
    s3.put_object_acl(Bucket=opened, Key="k", AccessControlPolicy=document(owner, (other, "WRITE_ACP")))
    wanted = document(owner, (other, "FULL_CONTROL"))
    client.put_object_acl(Bucket=opened, Key="k", AccessControlPolicy=wanted)
    client.get_object(Bucket=opened, Key="k")
    client.get_object_acl(Bucket=opened, Key="k")


def test_each_permission_on_a_bucket_lets_do_its_own(refused, s3, opened, owner, stranger):
    client, other = stranger
    s3.put_bucket_acl(Bucket=opened, GrantRead=f'id="{other}"')
    client.list_objects_v2(Bucket=opened)
    with refused("AccessDenied", 403):
        client.put_object(Bucket=opened, Key="k", Body=b"x")
    s3.put_bucket_acl(Bucket=opened, GrantWrite=f'id="{other}"')
    client.put_object(Bucket=opened, Key="k", Body=b"x")
    client.delete_object(Bucket=opened, Key="k")
    with refused("AccessDenied", 403):
        client.list_objects_v2(Bucket=opened)
    with refused("AccessDenied", 403):
        client.get_bucket_acl(Bucket=opened)
    s3.put_bucket_acl(Bucket=opened, GrantReadACP=f'id="{other}"', GrantWriteACP=f'id="{other}"')
    client.get_bucket_acl(Bucket=opened)
    client.put_bucket_acl(Bucket=opened, ACL="private")
    with refused("AccessDenied", 403):
        client.get_bucket_acl(Bucket=opened)


def test_authenticated_users_are_all_who_sign(raw, opened, stranger, put):
    put(opened, "k", b"x", ACL="authenticated-read")
    assert stranger[0].get_object(Bucket=opened, Key="k")["Body"].read() == b"x"
    assert raw("GET", f"/{opened}/k", signed=False).refusal == (403, "AccessDenied")


def test_ignoring_public_acls_leaves_those_for_accounts(refused, s3, opened, stranger, put):
    put(opened, "public", ACL="authenticated-read")
    put(opened, "theirs", GrantRead=f'id="{stranger[1]}"')
    s3.put_public_access_block(Bucket=opened, PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    with refused("AccessDenied", 403):
        stranger[0].get_object(Bucket=opened, Key="public")
    stranger[0].get_object(Bucket=opened, Key="theirs")


def test_acls_end_with_the_ownership_of_all_by_the_bucket(refused, s3, opened, stranger, put):
    put(opened, "k", GrantRead=f'id="{stranger[1]}"')
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=opened, OwnershipControls=controls)
    with refused("AccessDenied", 403):
        stranger[0].get_object(Bucket=opened, Key="k")


def test_ownership_by_the_bucket_needs_a_private_bucket(refused, s3, opened, stranger):
    s3.put_bucket_acl(Bucket=opened, GrantRead=f'id="{stranger[1]}"')
    with refused("InvalidBucketAclWithObjectOwnership", 400):
        s3.put_bucket_ownership_controls(
            Bucket=opened, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        )


# -- whose objects are


@pytest.fixture
def written(s3, opened, stranger):
    """Has the stranger write an object into the bucket, and gives its owner."""
    client, other = stranger
    s3.put_bucket_acl(Bucket=opened, GrantWrite=f'id="{other}"')

    def write(**params):
        client.put_object(Bucket=opened, Key="k", Body=b"theirs", **params)

    return write


def test_an_object_is_its_writers(refused, s3, opened, stranger, written, get):
    written()
    client, other = stranger
    with refused("AccessDenied", 403):
        s3.get_object(Bucket=opened, Key="k")
    assert client.get_object(Bucket=opened, Key="k")["Body"].read() == b"theirs"
    answer = client.get_object_acl(Bucket=opened, Key="k")
    assert (answer["Owner"], shown(answer)) == ({"ID": other}, [(other, "FULL_CONTROL")])
    s3.delete_object(Bucket=opened, Key="k")


def test_the_writer_can_let_the_buckets_owner_read(s3, opened, owner, stranger, written, get):
    written(ACL="bucket-owner-read")
    assert get(opened, "k") == b"theirs"
    assert shown(stranger[0].get_object_acl(Bucket=opened, Key="k"))[1] == (owner, "READ")


def test_the_buckets_policy_can_keep_the_writer_away_from_the_object(refused, s3, opened, stranger, written):
    written()
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{opened}/*"}
    s3.put_bucket_policy(Bucket=opened, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    with refused("AccessDenied", 403):
        stranger[0].get_object(Bucket=opened, Key="k")


def test_a_bucket_can_prefer_to_own_what_it_is_given(refused, s3, opened, owner, written, get):
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=opened, OwnershipControls=controls)
    written()
    with refused("AccessDenied", 403):
        get(opened, "k")
    written(ACL="bucket-owner-full-control")
    assert get(opened, "k") == b"theirs"
    assert s3.get_object_acl(Bucket=opened, Key="k")["Owner"] == {"ID": owner}


def test_a_bucket_can_own_all(s3, opened, owner, written, get):
    written()
    s3.put_bucket_acl(Bucket=opened, ACL="private")
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=opened, OwnershipControls=controls)
    assert get(opened, "k") == b"theirs"


def test_lists_name_the_owners(s3, opened, owner, stranger, written, put):
    written()
    put(opened, "mine")
    listed = s3.list_objects_v2(Bucket=opened, FetchOwner=True)["Contents"]
    assert [entry["Owner"]["ID"] for entry in listed] == [stranger[1], owner]
    listed = s3.list_object_versions(Bucket=opened)["Versions"]
    assert [entry["Owner"]["ID"] for entry in listed] == [stranger[1], owner]
