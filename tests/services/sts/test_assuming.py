"""AssumeRole: whom a role trusts, for how long, and what its session may do."""

from __future__ import annotations

import datetime
import hashlib

import pytest

from tests.services.sts.conftest import allow, clients, document, refused, trust

SESSION = "s1"


def assume(client, arn, **params):
    return client.assume_role(RoleArn=arn, RoleSessionName=SESSION, **params)


@pytest.fixture
def anyone_here(aws):
    return {"AWS": aws.account}


# -- what one gets


def test_a_session_acts_under_the_roles_name(aws, sts, make_role, anyone_here):
    answer = assume(sts, make_role(trust(anyone_here), name="build", Path="/ci/"))
    arn = f"arn:aws:sts::{aws.account}:assumed-role/build/{SESSION}"
    assert answer["AssumedRoleUser"]["Arn"] == arn
    assert answer["AssumedRoleUser"]["AssumedRoleId"].startswith("AROA")
    assert answer["AssumedRoleUser"]["AssumedRoleId"].endswith(f":{SESSION}")
    assert "PackedPolicySize" not in answer
    caller = aws("sts", credentials=answer["Credentials"]).get_caller_identity()
    assert (caller["Arn"], caller["Account"]) == (arn, aws.account)
    assert caller["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]


def test_keys_of_sessions_name_their_account(aws, sts, make_role, anyone_here):
    credentials = assume(sts, make_role(trust(anyone_here)))["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA")
    assert sts.get_access_key_info(AccessKeyId=credentials["AccessKeyId"])["Account"] == aws.account


def test_a_session_may_do_what_the_role_may_and_nothing_else(aws, sts, make_role, anyone_here):
    role = make_role(trust(anyone_here), permissions=[allow("sqs:ListQueues")])
    session = clients(aws, assume(sts, role)["Credentials"])
    session("sqs").list_queues()
    with refused("AccessDenied", "because no identity-based policy allows the sqs:CreateQueue action", 403):
        session("sqs").create_queue(QueueName="q")


def test_a_session_is_over_when_its_time_is(aws, sts, make_role, anyone_here, clock):
    role = make_role(trust(anyone_here), permissions=[allow()])
    answer = assume(sts, role, DurationSeconds=900)
    session = clients(aws, answer["Credentials"])
    clock.advance(seconds=890)
    session("sts").get_caller_identity()
    clock.advance(seconds=11)
    with refused("ExpiredToken", "The security token included in the request is expired", 403):
        session("sts").get_caller_identity()


def test_the_expiration_is_an_hour_ahead_by_default(sts, make_role, anyone_here, clock):
    expires = assume(sts, make_role(trust(anyone_here)))["Credentials"]["Expiration"]
    now = datetime.datetime.fromtimestamp(clock.now(), datetime.UTC)
    assert abs((expires - now).total_seconds() - 3600) < 30


def test_a_session_is_bound_to_its_token(aws, sts, make_role, anyone_here):
    role = make_role(trust(anyone_here), permissions=[allow()])
    one, other = (assume(sts, role)["Credentials"] for _ in range(2))
    for token in (other["SessionToken"], "made up", None):
        with refused("InvalidClientTokenId", "The security token included in the request is invalid", 403):
            aws("sts", credentials=one | {"SessionToken": token}).get_caller_identity()


def test_a_session_ends_with_its_role(aws, sts, make_role, anyone_here):
    session = clients(aws, assume(sts, make_role(trust(anyone_here), name="gone"))["Credentials"])
    aws("iam").delete_role(RoleName="gone")
    with refused("InvalidClientTokenId"):
        session("sts").get_caller_identity()
    make_role(trust(anyone_here), name="gone")
    with refused("InvalidClientTokenId"):
        session("sts").get_caller_identity()


def test_a_change_of_the_role_counts_for_sessions_that_there_are(aws, sts, make_role, anyone_here):
    session = clients(aws, assume(sts, make_role(trust(anyone_here), name="r"))["Credentials"])
    with refused("AccessDenied"):
        session("sqs").list_queues()
    aws("iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document(allow("sqs:*")))
    session("sqs").list_queues()


# -- whom a role trusts


def test_a_role_trusts_only_whom_its_policy_names(aws, make_role, as_user):
    ada = as_user(allow("sts:AssumeRole"), name="ada")("sts")
    assume(ada, make_role(trust({"AWS": f"arn:aws:iam::{aws.account}:user/ada"}), name="for-ada"))
    bob = make_role(trust({"Service": "ec2.amazonaws.com"}), name="for-ec2")
    with refused(
        "AccessDenied",
        f"User: arn:aws:iam::{aws.account}:user/ada is not authorized to perform: sts:AssumeRole on resource: {bob} "
        "because no role trust policy allows the sts:AssumeRole action",
        403,
    ):
        assume(ada, bob)


def test_a_user_whom_the_role_names_needs_no_permission_of_its_own(aws, make_role, as_user):
    ada = as_user(name="ada")("sts")
    assume(ada, make_role(trust({"AWS": f"arn:aws:iam::{aws.account}:user/ada"})))


def test_trust_in_an_account_leaves_it_to_the_accounts_own_policies(make_role, as_user, anyone_here):
    role = make_role(trust(anyone_here))
    with refused("AccessDenied", "because no identity-based policy allows the sts:AssumeRole action"):
        assume(as_user(name="ada")("sts"), role)
    assume(as_user(allow("sts:AssumeRole", role), name="bob")("sts"), role)


def test_between_accounts_both_sides_have_to_agree(aws, make_role, as_user):
    elsewhere = str(int(aws.account) ^ 1)
    role = make_role(trust({"AWS": aws.account}), account=elsewhere)
    answer = assume(as_user(allow("sts:AssumeRole", role), name="ada")("sts"), role)
    assert f":{elsewhere}:" in answer["AssumedRoleUser"]["Arn"]
    caller = aws("sts", credentials=answer["Credentials"]).get_caller_identity()
    assert caller["Account"] == elsewhere
    with refused("AccessDenied", "no identity-based policy"):
        assume(as_user(name="bob")("sts"), role)
    closed = make_role(trust({"AWS": elsewhere}), account=elsewhere, name="closed")
    with refused("AccessDenied", "no role trust policy"):
        assume(as_user(allow(), name="eve")("sts"), closed)


def test_a_role_that_is_not_there_is_refused_like_one_that_does_not_trust(aws, sts):
    with refused("AccessDenied", "no role trust policy allows", 403):
        assume(sts, f"arn:aws:iam::{aws.account}:role/nobody")


def test_what_is_no_role_is_refused(sts):
    with refused("ValidationError", "arn:aws:iam::1:role/x-y-z is invalid", 400):
        assume(sts, "arn:aws:iam::1:role/x-y-z")


def test_the_arn_has_to_have_the_path(aws, sts, make_role, anyone_here):
    make_role(trust(anyone_here), name="r", Path="/ci/")
    with refused("AccessDenied"):
        assume(sts, f"arn:aws:iam::{aws.account}:role/r")


@pytest.mark.parametrize("given", [{}, {"ExternalId": "other"}])
def test_an_external_id_has_to_be_the_one_that_the_role_wants(sts, make_role, anyone_here, given):
    role = make_role(trust(anyone_here, Condition={"StringEquals": {"sts:ExternalId": "ours"}}))
    with refused("AccessDenied"):
        assume(sts, role, **given)
    assume(sts, role, ExternalId="ours")


def test_a_role_can_ask_for_a_session_name(sts, make_role, anyone_here):
    role = make_role(trust(anyone_here, Condition={"StringLike": {"sts:RoleSessionName": "ci-*"}}))
    with refused("AccessDenied"):
        assume(sts, role)
    sts.assume_role(RoleArn=role, RoleSessionName="ci-1")


# -- durations


def test_no_session_is_longer_than_the_role_allows(sts, make_role, anyone_here):
    role = make_role(trust(anyone_here), MaxSessionDuration=7200)
    assume(sts, role, DurationSeconds=7200)
    with refused("ValidationError", "exceeds the MaxSessionDuration set for this role.", 400):
        assume(sts, role, DurationSeconds=7201)


def test_roles_that_follow_upon_each_other_last_an_hour_at_most(aws, sts, make_role, anyone_here):
    first = make_role(trust(anyone_here), permissions=[allow()], name="first")
    second = make_role(trust(anyone_here), name="second", MaxSessionDuration=7200)
    session = aws("sts", credentials=assume(sts, first)["Credentials"])
    assume(session, second, DurationSeconds=3600)
    with refused("ValidationError", "exceeds the 1 hour session limit for roles assumed by role chaining"):
        assume(session, second, DurationSeconds=3601)


# -- session policies


def test_a_session_policy_takes_away_and_never_gives(aws, sts, make_role, anyone_here):
    role = make_role(trust(anyone_here), permissions=[allow("sqs:*")])
    limits = document(allow(["sqs:ListQueues", "s3:ListAllMyBuckets"]))
    answer = assume(sts, role, Policy=limits)
    session = clients(aws, answer["Credentials"])
    session("sqs").list_queues()
    with refused("AccessDenied", "because no session policy allows the sqs:CreateQueue action"):
        session("sqs").create_queue(QueueName="q")
    with refused("AccessDenied", "because no identity-based policy allows the s3:ListAllMyBuckets action"):
        session("s3").list_buckets()
    assert 0 < answer["PackedPolicySize"] < 100


def test_managed_policies_limit_a_session_too(aws, sts, make_role, anyone_here):
    role = make_role(trust(anyone_here), permissions=[allow("sqs:*")])
    policy = aws("iam").create_policy(PolicyName="list", PolicyDocument=document(allow("sqs:ListQueues")))["Policy"]
    session = clients(aws, assume(sts, role, PolicyArns=[{"arn": policy["Arn"]}])["Credentials"])
    session("sqs").list_queues()
    with refused("AccessDenied", "because no session policy allows"):
        session("sqs").create_queue(QueueName="q")


def test_a_session_policy_has_to_be_sound(sts, make_role, anyone_here):
    role = make_role(trust(anyone_here))
    with refused("MalformedPolicyDocument", status=400):
        assume(sts, role, Policy='{"Version":"2012-10-17"}')
    with refused("ValidationError"):
        assume(sts, role, Policy=document(allow("s3:" + "x" * 2048)))
    with refused("ValidationError", "Could not find policy"):
        assume(sts, role, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/NoSuchPolicyAnywhere"}])


# -- tags


TAGGING = ["sts:AssumeRole", "sts:TagSession"]


def test_tags_have_to_be_allowed_of_their_own(sts, make_role, anyone_here):
    role = make_role(trust(anyone_here))
    with refused("AccessDenied", "not authorized to perform: sts:TagSession"):
        assume(sts, role, Tags=[{"Key": "team", "Value": "blue"}])


def test_session_tags_are_tags_of_the_principal(aws, sts, make_role, anyone_here):
    only_own_team = allow("sqs:*", "arn:aws:sqs:*:*:${aws:PrincipalTag/team}-*")
    role = make_role(trust(anyone_here, TAGGING), permissions=[only_own_team], Tags=[{"Key": "team", "Value": "red"}])
    session = aws("sqs", credentials=assume(sts, role, Tags=[{"Key": "team", "Value": "blue"}])["Credentials"])
    session.create_queue(QueueName="blue-1")
    with refused("AccessDenied"):
        session.create_queue(QueueName="red-1")
    untagged = aws("sqs", credentials=assume(sts, role)["Credentials"])
    untagged.create_queue(QueueName="red-1")


def test_sessions_of_one_name_are_told_apart_by_their_tags(aws, sts, make_role, anyone_here):
    own = allow("sqs:CreateQueue", "arn:aws:sqs:*:*:${aws:PrincipalTag/team}")
    role = make_role(trust(anyone_here, TAGGING), permissions=[own])
    blue, red = (
        aws("sqs", credentials=assume(sts, role, Tags=[{"Key": "team", "Value": team}])["Credentials"])
        for team in ("blue", "red")
    )
    blue.create_queue(QueueName="blue")
    with refused("AccessDenied"):
        red.create_queue(QueueName="blue")


def test_a_role_can_say_which_tags_it_takes(sts, make_role, anyone_here):
    condition = {
        "StringEquals": {"aws:RequestTag/team": "blue"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
    }
    role = make_role(trust(anyone_here), trust(anyone_here, "sts:TagSession", Condition=condition))
    assume(sts, role, Tags=[{"Key": "team", "Value": "blue"}])
    for wrong in ([("team", "red")], [("team", "blue"), ("stage", "x")]):
        with refused("AccessDenied"):
            assume(sts, role, Tags=[{"Key": key, "Value": value} for key, value in wrong])


def test_transitive_tags_go_on_to_the_next_role(aws, sts, make_role, anyone_here):
    first = make_role(trust(anyone_here, TAGGING), permissions=[allow("sts:*")], name="first")
    own_team = allow("sqs:CreateQueue", "arn:aws:sqs:*:*:${aws:PrincipalTag/team}")
    second = make_role(trust(anyone_here, TAGGING), permissions=[own_team], name="second")
    tags = [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "x"}]
    session = aws("sts", credentials=assume(sts, first, Tags=tags, TransitiveTagKeys=["team"])["Credentials"])
    aws("sqs", credentials=assume(session, second)["Credentials"]).create_queue(QueueName="blue")
    with refused("InvalidParameterValue", "conflicts with a transitive tag key from the calling session"):
        assume(session, second, Tags=[{"Key": "Team", "Value": "red"}])
    assume(session, second, Tags=[{"Key": "stage", "Value": "y"}])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"Tags": [{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]}, "Duplicate tag keys found"),
        ({"Tags": [{"Key": "aws:x", "Value": ""}]}, "aws: prefixed tag key names are not allowed"),
        ({"TransitiveTagKeys": ["a"]}, "must be included in the requested tags"),
    ],
)
def test_tags_have_to_be_sound(sts, make_role, anyone_here, params, message):
    with refused("InvalidParameterValue", message, 400):
        assume(sts, make_role(trust(anyone_here, TAGGING)), **params)


def test_policies_and_tags_together_have_to_fit(sts, make_role, anyone_here):
    role = make_role(trust(anyone_here, TAGGING))
    tags = [{"Key": f"{n:03}", "Value": hashlib.sha512(str(n).encode()).hexdigest()} for n in range(50)]
    with refused("PackedPolicyTooLarge", "of allotted space", 400):
        assume(sts, role, Tags=tags)


# -- source identity


def test_the_source_identity_stays_along_a_chain_of_roles(aws, sts, make_role, anyone_here):
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    first = make_role(trust(anyone_here, actions), permissions=[allow()], name="first")
    by_ada = {"StringEquals": {"aws:SourceIdentity": "ada"}}
    second = make_role(trust(anyone_here, actions), permissions=[allow("sqs:*", Condition=by_ada)], name="second")
    answer = assume(sts, first, SourceIdentity="ada")
    assert answer["SourceIdentity"] == "ada"
    session = aws("sts", credentials=answer["Credentials"])
    answer = assume(session, second)
    assert answer["SourceIdentity"] == "ada"
    aws("sqs", credentials=answer["Credentials"]).list_queues()
    with refused("AccessDenied"):
        assume(session, second, SourceIdentity="bob")


def test_a_source_identity_has_to_be_allowed_of_its_own(sts, make_role, anyone_here):
    with refused("AccessDenied", "sts:SetSourceIdentity"):
        assume(sts, make_role(trust(anyone_here)), SourceIdentity="ada")


# -- boundaries


def test_a_boundary_limits_a_role(aws, sts, make_role, anyone_here):
    iam = aws("iam")
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=document(allow("sqs:ListQueues")))["Policy"]["Arn"]
    role = make_role(trust(anyone_here), permissions=[allow("sqs:*")], PermissionsBoundary=boundary)
    session = aws("sqs", credentials=assume(sts, role)["Credentials"])
    session.list_queues()
    with refused("AccessDenied", "because no permissions boundary allows the sqs:CreateQueue action"):
        session.create_queue(QueueName="q")
