"""When services were last reached, and which policies allow it."""

import json

import pytest

from fogbank.identity import reference
from fogbank.identity.grants import Grants


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions, **more):
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}


@pytest.fixture
def as_user(aws, iam, make_user):
    """A client of a user who may use queues and list buckets."""
    make_user()
    document = policy(allow("sqs:*", "s3:ListAllMyBuckets"))
    iam.put_user_policy(UserName="user", PolicyName="inline", PolicyDocument=document)
    key = iam.create_access_key(UserName="user")["AccessKey"]
    return lambda service, **more: aws(service, credentials=key, **more)


@pytest.fixture
def report(iam, fogbank_server, clock):
    """Has a report made about an ARN and gives the services' lines by prefix, and the job's id."""

    def report(arn, **params):
        job = iam.generate_service_last_accessed_details(Arn=arn, **params)["JobId"]
        clock.advance(seconds=1)
        answer = iam.get_service_last_accessed_details(JobId=job)
        assert answer["JobStatus"] == "COMPLETED"
        return {line["ServiceNamespace"]: line for line in answer["ServicesLastAccessed"]}, job

    return report


@pytest.fixture
def user(aws):
    return f"arn:aws:iam::{aws.account}:user/user"


# -- what policies allow


@pytest.mark.parametrize(
    ("statements", "services"),
    [
        ([allow("sqs:SendMessage", "s3:Get*")], ["s3", "sqs"]),
        ([allow("sqs:Nonsense", "nosuch:*")], []),
        ([allow("sqs:*"), {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}], []),
        ([allow("sqs:*"), {"Effect": "Deny", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:x"}], ["sqs"]),
        ([allow("sqs:*"), {"Effect": "Deny", "NotAction": "sqs:SendMessage", "Resource": "*"}], ["sqs"]),
    ],
)
def test_services_are_those_with_an_allowed_action(statements, services):
    assert Grants([policy(*statements)]).services() == services


def test_everything_is_every_service():
    assert len(Grants([policy(allow("*"))]).services()) == len(reference.prefixes())


def test_everything_but_one_service_is_the_others():
    services = Grants([policy({"Effect": "Allow", "NotAction": ["sqs:*", "s3:Get*"], "Resource": "*"})]).services()
    assert "sqs" not in services
    assert {"s3", "sns"} <= set(services)


# -- reports


def test_a_user_report_lists_what_may_be_reached(report, as_user, user):
    lines, _ = report(user)
    assert list(lines) == ["s3", "sqs"]
    assert lines["s3"]["ServiceName"] == "Amazon S3"
    assert lines["s3"]["TotalAuthenticatedEntities"] == 0
    assert "LastAuthenticated" not in lines["s3"]


def test_a_use_is_told_with_time_region_and_user(report, as_user, user):
    as_user("sqs", region="eu-west-1").list_queues()
    line = report(user)[0]["sqs"]
    assert line["LastAuthenticatedEntity"] == user
    assert line["LastAuthenticatedRegion"] == "eu-west-1"
    assert line["TotalAuthenticatedEntities"] == 1
    assert line["LastAuthenticated"]
    assert "TrackedActionsLastAccessed" not in line


def test_an_attempt_that_was_refused_counts(iam, report, as_user, user):
    iam.put_user_policy(UserName="user", PolicyName="other", PolicyDocument=policy(allow("sns:Publish")))
    with pytest.raises(iam.exceptions.ClientError):
        as_user("iam").list_users()
    iam.put_user_policy(UserName="user", PolicyName="other", PolicyDocument=policy(allow("iam:*")))
    assert report(user)[0]["iam"]["TotalAuthenticatedEntities"] == 1


def test_uses_are_forgotten_after_400_days(report, as_user, user, clock):
    as_user("sqs").list_queues()
    clock.advance(days=401)
    assert report(user)[0]["sqs"]["TotalAuthenticatedEntities"] == 0


def test_actions_are_told_when_asked_for(report, as_user, user):
    as_user("sqs").list_queues()
    line = report(user, Granularity="ACTION_LEVEL")[0]["sqs"]
    actions = {action["ActionName"]: action for action in line["TrackedActionsLastAccessed"]}
    assert actions["ListQueues"]["LastAccessedEntity"] == user
    assert "LastAccessedTime" not in actions["SendMessage"]


def test_a_policy_report_is_about_everyone_it_is_attached_to(
    iam, report, as_user, user, make_policy, make_group, make_role
):
    make_group()
    role = make_role()["Arn"]
    arn = make_policy("queues", policy(allow("sqs:*")))
    iam.attach_group_policy(GroupName="group", PolicyArn=arn)
    iam.attach_role_policy(RoleName="role", PolicyArn=arn)
    iam.add_user_to_group(GroupName="group", UserName="user")
    as_user("sqs").list_queues()
    lines, job = report(arn)
    assert lines["sqs"]["LastAuthenticatedEntity"] == user
    answer = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="sqs")
    first, second = answer["EntityDetailsList"]
    assert (first["EntityInfo"]["Arn"], first["EntityInfo"]["Type"]) == (user, "USER")
    assert (second["EntityInfo"]["Arn"], second["EntityInfo"]["Type"]) == (role, "ROLE")
    assert first["LastAuthenticated"]
    assert "LastAuthenticated" not in second


def test_pages_of_a_report_add_up(iam, report, as_user, user):
    _, job = report(user)
    first = iam.get_service_last_accessed_details(JobId=job, MaxItems=1)
    second = iam.get_service_last_accessed_details(JobId=job, MaxItems=1, Marker=first["Marker"])
    names = [page["ServicesLastAccessed"][0]["ServiceNamespace"] for page in (first, second)]
    assert names == ["s3", "sqs"]
    assert not second["IsTruncated"]


def test_a_report_is_for_whoever_asked_for_it(iam, report, as_user, user, refused):
    _, job = report(user)
    iam.put_user_policy(UserName="user", PolicyName="all", PolicyDocument=policy(allow("*")))
    with refused("NoSuchEntity"):
        as_user("iam").get_service_last_accessed_details(JobId=job)
    with refused("NoSuchEntity"):
        iam.get_service_last_accessed_details(JobId="0" * 36)


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("arn:aws:iam::123456789012:root", "InvalidInput"),
        ("arn:aws:iam::123456789012:user/nobody", "NoSuchEntity"),
        ("arn:aws:iam::123456789012:policy/nothing", "NoSuchEntity"),
    ],
)
def test_only_users_groups_roles_and_policies_are_reported_on(iam, refused, arn, code):
    with refused(code):
        iam.generate_service_last_accessed_details(Arn=arn)


# -- policies that grant access


def test_the_policies_that_grant_access_are_told_by_service(iam, as_user, user, make_group):
    make_group()
    iam.add_user_to_group(GroupName="group", UserName="user")
    iam.put_group_policy(GroupName="group", PolicyName="groups", PolicyDocument=policy(allow("sqs:SendMessage")))
    iam.attach_user_policy(UserName="user", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    answer = iam.list_policies_granting_service_access(Arn=user, ServiceNamespaces=["sqs", "s3", "sns"])
    queues, buckets, topics = answer["PoliciesGrantingServiceAccess"]
    assert queues == {
        "ServiceNamespace": "sqs",
        "Policies": [
            {"PolicyName": "inline", "PolicyType": "INLINE", "EntityType": "USER", "EntityName": "user"},
            {"PolicyName": "groups", "PolicyType": "INLINE", "EntityType": "GROUP", "EntityName": "group"},
        ],
    }
    assert buckets["Policies"][1] == {
        "PolicyName": "AmazonS3ReadOnlyAccess",
        "PolicyType": "MANAGED",
        "PolicyArn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
    }
    assert topics["Policies"] == []


def test_a_service_that_there_is_not_is_refused(iam, as_user, user, refused):
    with refused("InvalidInput", "nosuch"):
        iam.list_policies_granting_service_access(Arn=user, ServiceNamespaces=["nosuch"])
