"""Policies generated from what somebody did."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from fogbank.services.accessanalyzer.policy_generation import policy as generated_policy
from fogbank.services.accessanalyzer.validation import validate


@pytest.fixture
def user(aws, policy):
    """A user who has listed queues and got a bucket's location; its ARN."""
    iam = aws("iam")
    arn = iam.create_user(UserName="user")["User"]["Arn"]
    allow = {"Effect": "Allow", "Action": ["sqs:*", "s3:*"], "Resource": "*"}
    iam.put_user_policy(UserName="user", PolicyName="p", PolicyDocument=policy(allow))
    key = iam.create_access_key(UserName="user")["AccessKey"]
    aws("sqs", credentials=key).list_queues()
    aws("s3").create_bucket(Bucket=f"bucket-{aws.account}")
    aws("s3", credentials=key).get_bucket_location(Bucket=f"bucket-{aws.account}")
    return arn


@pytest.fixture
def start(analyzer_client):
    def start(arn, **params):
        return analyzer_client.start_policy_generation(policyGenerationDetails={"principalArn": arn}, **params)["jobId"]

    return start


@pytest.fixture
def generated(analyzer_client, start, clock):
    """The statements of the policy that is generated for an ARN."""

    def generated(arn, placeholders=False, **params):
        job = start(arn, **params)
        clock.advance(seconds=1)
        answer = analyzer_client.get_generated_policy(jobId=job, includeResourcePlaceholders=placeholders)
        assert answer["jobDetails"]["status"] == "SUCCEEDED"
        (found,) = answer["generatedPolicyResult"]["generatedPolicies"]
        return json.loads(found["policy"])["Statement"]

    return generated


def test_a_policy_allows_what_was_done(user, generated):
    assert generated(user) == [
        {
            "Sid": "SupportedServiceSid0",
            "Effect": "Allow",
            "Action": ["s3:GetBucketLocation", "sqs:ListQueues"],
            "Resource": "*",
        }
    ]


def test_resources_can_have_placeholders(user, generated):
    resources = {tuple(each["Action"]): each["Resource"] for each in generated(user, placeholders=True)}
    assert resources[("s3:GetBucketLocation",)] == ["arn:aws:s3:::${BucketName}"]


def test_a_generated_policy_gives_no_cause_to_errors():
    document = generated_policy({"s3:GetObject": [], "sqs:SendMessage": [], "iam:ListUsers": []}, placeholders=False)
    assert validate(json.dumps(document), "IDENTITY_POLICY") == []


def test_only_what_was_done_since_a_time_counts(user, generated, aws, clock):
    role = f"arn:aws:iam::{aws.account}:role/trail"
    trail = {"cloudTrailArn": f"arn:aws:cloudtrail:us-east-1:{aws.account}:trail/t", "allRegions": True}
    now = datetime.now(UTC)

    def since(moment):
        return {"trails": [trail], "accessRole": role, "startTime": moment}

    assert generated(user, cloudTrailDetails=since(now - timedelta(hours=1)))
    clock.advance(hours=2)
    later = {**since(now + timedelta(hours=1))}
    assert generated(user, cloudTrailDetails=later) == []


def test_a_time_that_ends_before_it_begins_is_refused(aws, user, start, refused):
    now = datetime.now(UTC)
    with refused("ValidationException", "before endTime"):
        start(
            user,
            cloudTrailDetails={
                "trails": [],
                "accessRole": f"arn:aws:iam::{aws.account}:role/trail",
                "startTime": now,
                "endTime": now - timedelta(hours=1),
            },
        )


def test_generations_are_listed_the_latest_first(analyzer_client, user, start, clock):
    first = start(user)
    clock.advance(seconds=1)
    second = start(user)
    clock.advance(seconds=1)
    listed = analyzer_client.list_policy_generations(principalArn=user)["policyGenerations"]
    assert [each["jobId"] for each in listed] == [second, first]
    assert {each["status"] for each in listed} == {"SUCCEEDED"}
    assert all(each["completedOn"] >= each["startedOn"] for each in listed)
    clock.advance(days=8)
    assert analyzer_client.list_policy_generations()["policyGenerations"] == []


def test_what_is_done_cannot_be_cancelled_any_more(analyzer_client, user, start, clock):
    job = start(user)
    clock.advance(seconds=1)
    analyzer_client.cancel_policy_generation(jobId=job)
    assert analyzer_client.get_generated_policy(jobId=job)["jobDetails"]["status"] == "SUCCEEDED"


def test_other_accounts_and_other_jobs_are_refused(analyzer_client, start, refused):
    with refused("ValidationException", "not in this account"):
        start("arn:aws:iam::999988887777:user/x")
    for call in (analyzer_client.get_generated_policy, analyzer_client.cancel_policy_generation):
        with refused("ValidationException", "does not exist"):
            call(jobId="nothing")
