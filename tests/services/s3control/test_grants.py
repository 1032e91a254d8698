"""Access Grants: instances, locations, grants, and the credentials that they are worth."""

import json

import pytest

from fogbank.services.s3control import grants_scopes
from tests.services.s3control.conftest import Control, statement

SERVICE = "access-grants.s3.amazonaws.com"
STRANGER = "111122223333"
ACTIONS = ("sts:AssumeRole", "sts:SetSourceIdentity", "sts:SetContext")


@pytest.fixture
def instance(control):
    return control.create_access_grants_instance()


@pytest.fixture
def location_role(role):
    return role(SERVICE, [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}], ACTIONS)


@pytest.fixture
def everywhere(control, instance, location_role):
    return control.create_access_grants_location(LocationScope="s3://", IAMRoleArn=location_role)


@pytest.fixture
def someone(aws):
    """A user that may do nothing but ask for access; its ARN and its keys."""
    iam = aws("iam")
    arn = iam.create_user(UserName="someone")["User"]["Arn"]
    allowed = {"Effect": "Allow", "Action": ["s3:GetDataAccess", "s3:ListCallerAccessGrants"], "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [allowed]}
    iam.put_user_policy(UserName="someone", PolicyName="p", PolicyDocument=json.dumps(document))
    return arn, iam.create_access_key(UserName="someone")["AccessKey"]


@pytest.fixture
def grant(control):
    def grant(arn, sub_prefix, permission="READ", location="default"):
        return control.create_access_grant(
            AccessGrantsLocationId=location,
            AccessGrantsLocationConfiguration={"S3SubPrefix": sub_prefix},
            Grantee={"GranteeType": "IAM", "GranteeIdentifier": arn},
            Permission=permission,
        )

    return grant


# -- instances, locations, grants


def test_account_has_one_instance_in_a_region(control, instance, aws, refused):
    assert instance["AccessGrantsInstanceArn"] == f"arn:aws:s3:us-east-1:{aws.account}:access-grants/default"
    with refused("AccessGrantsInstanceAlreadyExists", 409):
        control.create_access_grants_instance()
    listed = control.list_access_grants_instances()["AccessGrantsInstancesList"]
    assert [each["AccessGrantsInstanceId"] for each in listed] == ["default"]
    control.delete_access_grants_instance()
    with refused("AccessGrantsInstanceNotExistsError", 404):
        control.get_access_grants_instance()


def test_nothing_goes_without_an_instance(control, location_role, refused):
    for call in (
        lambda: control.create_access_grants_location(LocationScope="s3://", IAMRoleArn=location_role),
        control.list_access_grants_locations,
        control.list_access_grants,
        control.delete_access_grants_instance,
        lambda: control.get_data_access(Target="s3://b/*", Permission="READ"),
    ):
        with refused("AccessGrantsInstanceNotExistsError", 404):
            call()


def test_locations_are_registered_once(control, everywhere, location_role, bucket, refused):
    assert everywhere["AccessGrantsLocationId"] == "default"
    with refused("AccessGrantsLocationAlreadyExistsError", 409):
        control.create_access_grants_location(LocationScope="s3://", IAMRoleArn=location_role)
    made = control.create_access_grants_location(LocationScope=f"s3://{bucket}/a*", IAMRoleArn=location_role)
    found = control.get_access_grants_location(AccessGrantsLocationId=made["AccessGrantsLocationId"])
    assert found["LocationScope"] == f"s3://{bucket}/a*"
    listed = control.list_access_grants_locations(LocationScope="s3://")["AccessGrantsLocationsList"]
    assert [each["AccessGrantsLocationId"] for each in listed] == ["default"]


@pytest.mark.parametrize("scope", ["bucket", "s3://a*b/c", "s3://no-such-bucket-here/x*"])
def test_location_has_to_be_a_place_of_ones_own(control, instance, location_role, refused, scope):
    with refused("InvalidAccessGrantsLocation", 400):
        control.create_access_grants_location(LocationScope=scope, IAMRoleArn=location_role)


def test_things_are_deleted_from_the_bottom_up(control, everywhere, grant, bucket, someone, refused):
    made = grant(someone[0], f"{bucket}/*")
    with refused("AccessGrantsInstanceNotEmptyError", 400):
        control.delete_access_grants_instance()
    with refused("AccessGrantsLocationNotEmptyError", 400):
        control.delete_access_grants_location(AccessGrantsLocationId="default")
    control.delete_access_grant(AccessGrantId=made["AccessGrantId"])
    with refused("NoSuchAccessGrantError", 404):
        control.get_access_grant(AccessGrantId=made["AccessGrantId"])
    control.delete_access_grants_location(AccessGrantsLocationId="default")
    with refused("NoSuchAccessGrantsLocationError", 404):
        control.get_access_grants_location(AccessGrantsLocationId="default")
    control.delete_access_grants_instance()


def test_grants_are_found_by_filters(control, everywhere, grant, bucket, someone, refused):
    read, write = grant(someone[0], f"{bucket}/*"), grant(someone[0], f"{bucket}/a*", "WRITE")
    assert read["GrantScope"] == f"s3://{bucket}/*"
    listed = control.list_access_grants(Permission="WRITE")["AccessGrantsList"]
    assert [each["AccessGrantId"] for each in listed] == [write["AccessGrantId"]]
    assert len(control.list_access_grants(GranteeIdentifier=someone[0])["AccessGrantsList"]) == 2
    page = control.list_access_grants(MaxResults=1)
    rest = control.list_access_grants(NextToken=page["NextToken"])["AccessGrantsList"]
    assert {each["AccessGrantId"] for each in page["AccessGrantsList"] + rest} == {
        read["AccessGrantId"],
        write["AccessGrantId"],
    }
    with refused("AccessGrantAlreadyExists", 409):
        grant(someone[0], f"{bucket}/*")


@pytest.mark.parametrize("sub_prefix", ["a*b/*", "no-star"])
def test_grant_has_to_make_sense(everywhere, grant, someone, refused, sub_prefix):
    with refused("InvalidAccessGrant", 400):
        grant(someone[0], sub_prefix)


def test_directory_users_need_a_directory(control, everywhere, bucket, refused):
    with refused("InvalidAccessGrant", 400):
        control.create_access_grant(
            AccessGrantsLocationId="default",
            AccessGrantsLocationConfiguration={"S3SubPrefix": f"{bucket}/*"},
            Grantee={"GranteeType": "DIRECTORY_USER", "GranteeIdentifier": "83d43802-00b1-7054-db02-f1d683aacba5"},
            Permission="READ",
        )


def test_identity_center_is_associated(control, aws, instance, refused):
    sso = aws("sso-admin")
    arn = sso.create_instance(Name="own")["InstanceArn"]
    control.associate_access_grants_identity_center(IdentityCenterArn=arn)
    found = control.get_access_grants_instance()
    assert found["IdentityCenterInstanceArn"] == arn
    application = found["IdentityCenterApplicationArn"]
    assert sso.describe_application(ApplicationArn=application)["InstanceArn"] == arn
    with refused("InvalidRequest", 400):
        control.delete_access_grants_instance()
    control.dissociate_access_grants_identity_center()
    assert "IdentityCenterInstanceArn" not in control.get_access_grants_instance()
    with refused("InvalidIdentityCenterInstance", 400):
        control.associate_access_grants_identity_center(
            IdentityCenterArn="arn:aws:sso:::instance/ssoins-0000000000000000"
        )


def test_tags_of_instances_locations_and_grants(control, everywhere, grant, bucket, someone, aws):
    made = grant(someone[0], f"{bucket}/*")
    base = f"arn:aws:s3:us-east-1:{aws.account}:access-grants/default"
    for arn in (base, f"{base}/location/default", made["AccessGrantArn"]):
        control.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": arn[-5:]}])
        assert control.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": arn[-5:]}]


# -- access


def keys_of(answer):
    return answer["Credentials"]


def test_credentials_are_good_for_the_grant_and_nothing_else(
    client, s3, everywhere, grant, make_bucket, someone, aws, refused
):
    first, second = make_bucket(), make_bucket()
    for bucket in (first, second):
        s3.put_object(Bucket=bucket, Key="pub/k", Body=b"x")
        s3.put_object(Bucket=bucket, Key="other", Body=b"y")
    arn, keys = someone
    grant(arn, f"{first}/pub/*")
    asking = client("s3control", credentials=keys)
    answer = asking.get_data_access(AccountId=aws.account, Target=f"s3://{first}/pub/*", Permission="READ")
    assert answer["MatchedGrantTarget"] == f"s3://{first}/pub/*"
    assert answer["Grantee"] == {"GranteeType": "IAM", "GranteeIdentifier": arn}
    reader = client("s3", credentials=keys_of(answer))
    assert reader.get_object(Bucket=first, Key="pub/k")["Body"].read() == b"x"
    assert [each["Key"] for each in reader.list_objects_v2(Bucket=first, Prefix="pub/")["Contents"]] == ["pub/k"]
    for call in (
        lambda: reader.get_object(Bucket=first, Key="other"),
        lambda: reader.get_object(Bucket=second, Key="pub/k"),
        lambda: reader.put_object(Bucket=first, Key="pub/k", Body=b"z"),
        lambda: reader.list_objects_v2(Bucket=first),
    ):
        with refused("AccessDenied", 403):
            call()


def test_credentials_can_be_asked_for_less(client, s3, everywhere, grant, bucket, someone, aws, refused):
    arn, keys = someone
    grant(arn, f"{bucket}/*", "READWRITE")
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    answer = client("s3control", credentials=keys).get_data_access(
        AccountId=aws.account,
        Target=f"s3://{bucket}/b",
        Permission="WRITE",
        Privilege="Minimal",
        TargetType="Object",
    )
    assert answer["MatchedGrantTarget"] == f"s3://{bucket}/b"
    writer = client("s3", credentials=keys_of(answer))
    writer.put_object(Bucket=bucket, Key="b", Body=b"y")
    with refused("AccessDenied", 403):
        writer.put_object(Bucket=bucket, Key="a", Body=b"y")


def test_credentials_expire(client, clock, everywhere, grant, bucket, someone, aws, refused):
    arn, keys = someone
    grant(arn, f"{bucket}/*")
    answer = client("s3control", credentials=keys).get_data_access(
        AccountId=aws.account, Target=f"s3://{bucket}/*", Permission="READ", DurationSeconds=900
    )
    reader = client("s3", credentials=keys_of(answer))
    reader.list_objects_v2(Bucket=bucket)
    clock.advance(seconds=901)
    with refused("ExpiredToken", 400):
        reader.list_objects_v2(Bucket=bucket)


def test_without_a_grant_there_is_no_access(client, everywhere, grant, bucket, someone, aws, refused):
    arn, keys = someone
    asking = client("s3control", credentials=keys)
    grant(arn, f"{bucket}/a/*")
    for target, permission in ((f"s3://{bucket}/*", "READ"), (f"s3://{bucket}/a/*", "WRITE")):
        with refused("AccessDenied", 403):
            asking.get_data_access(AccountId=aws.account, Target=target, Permission=permission)


def test_role_of_the_location_has_to_trust_access_grants(
    client, control, instance, role, grant, bucket, someone, aws, refused
):
    other = role("ec2.amazonaws.com", [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}])
    control.create_access_grants_location(LocationScope="s3://", IAMRoleArn=other)
    arn, keys = someone
    grant(arn, f"{bucket}/*")
    with refused("StsNotAuthorizedError", 403):
        client("s3control", credentials=keys).get_data_access(
            AccountId=aws.account, Target=f"s3://{bucket}/*", Permission="READ"
        )


def test_callers_are_told_their_own_grants(client, everywhere, grant, bucket, someone, aws):
    arn, keys = someone
    grant(arn, f"{bucket}/a*")
    grant(f"arn:aws:iam::{aws.account}:user/else", f"{bucket}/b*")
    found = client("s3control", credentials=keys).list_caller_access_grants(AccountId=aws.account)
    assert [each["GrantScope"] for each in found["CallerAccessGrantsList"]] == [f"s3://{bucket}/a*"]


def test_another_account_is_let_in_by_the_instances_policy(client, control, everywhere, grant, bucket, aws, refused):
    theirs = Control(client("s3control", account=STRANGER), aws.account)
    root = f"arn:aws:iam::{STRANGER}:root"
    grant(root, f"{bucket}/*")
    with refused("AccessDenied", 403):
        theirs.get_data_access(Target=f"s3://{bucket}/*", Permission="READ")
    arn = f"arn:aws:s3:us-east-1:{aws.account}:access-grants/default"
    text = statement(arn, ["s3:GetDataAccess", "s3:GetAccessGrantsInstanceForPrefix"], principal=root)
    control.put_access_grants_instance_resource_policy(Policy=text)
    assert control.get_access_grants_instance_resource_policy()["Policy"] == text
    assert theirs.get_data_access(Target=f"s3://{bucket}/*", Permission="READ")["Credentials"]
    assert theirs.get_access_grants_instance_for_prefix(S3Prefix=f"s3://{bucket}/x")["AccessGrantsInstanceArn"] == arn
    control.delete_access_grants_instance_resource_policy()
    with refused("AccessGrantsInstanceResourcePolicyNotExists", 404):
        control.get_access_grants_instance_resource_policy()
    with refused("InvalidResourcePolicy", 400):
        control.put_access_grants_instance_resource_policy(Policy="{}")


# -- scopes


@pytest.mark.parametrize(
    ("location", "sub_prefix", "scope"),
    [
        ("s3://", "b/*", "s3://b/*"),
        ("s3://b", "", "s3://b/*"),
        ("s3://b", "a*", "s3://b/a*"),
        ("s3://b/p*", "", "s3://b/p*"),
        ("s3://b/p/*", "q*", "s3://b/p/q*"),
    ],
)
def test_scope_of_a_grant(location, sub_prefix, scope):
    assert grants_scopes.joined(location, sub_prefix) == scope


@pytest.mark.parametrize(
    ("scope", "target", "is_covered"),
    [
        ("s3://b/p*", "s3://b/p/x", True),
        ("s3://b/p*", "s3://b/p*", True),
        ("s3://b/*", "s3://b", True),
        ("s3://b/p/*", "s3://b/p", True),
        ("s3://b/p", "s3://b/p", True),
        ("s3://b/p", "s3://b/pq", False),
        ("s3://b/p*", "s3://b/*", False),
    ],
)
def test_scope_covers(scope, target, is_covered):
    assert grants_scopes.covers(scope, target) == is_covered
