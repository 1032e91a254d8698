"""Custom policy checks over the wire."""

import pytest

READ = {
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": ["arn:aws:s3:::amzn-s3-demo-bucket", "arn:aws:s3:::amzn-s3-demo-bucket/*"],
}


@pytest.fixture
def no_new_access(analyzer_client, policy):
    def check(new, existing, kind="IDENTITY_POLICY"):
        return analyzer_client.check_no_new_access(
            newPolicyDocument=policy(new), existingPolicyDocument=policy(existing), policyType=kind
        )

    return check


@pytest.fixture
def not_granted(analyzer_client, policy):
    def check(*statements, kind="IDENTITY_POLICY", **access):
        return analyzer_client.check_access_not_granted(
            policyDocument=policy(*statements), access=[access], policyType=kind
        )

    return check


def test_new_access_is_told_with_its_statement(no_new_access):
    """The example of the AWS CLI's page on check-no-new-access."""
    answer = no_new_access({**READ, "Action": [*READ["Action"], "s3:GetObjectAcl"]}, READ)
    answer.pop("ResponseMetadata")
    assert answer == {
        "result": "FAIL",
        "message": "The modified permissions grant new access compared to your existing policy.",
        "reasons": [{"description": "New access in the statement with index: 0.", "statementIndex": 0}],
    }


def test_a_statement_with_a_name_is_told_by_it(no_new_access):
    (reason,) = no_new_access({**READ, "Sid": "Read", "Resource": "*"}, READ)["reasons"]
    assert reason["statementId"] == "Read"
    assert reason["description"] == "New access in the statement with sid: Read."


def test_no_new_access_passes(no_new_access):
    answer = no_new_access({**READ, "Action": "s3:GetObject"}, READ)
    assert answer["result"] == "PASS"
    assert "reasons" not in answer


def test_access_that_is_not_granted_passes(not_granted):
    """The example of the AWS CLI's page on check-access-not-granted."""
    answer = not_granted(READ, actions=["s3:DeleteBucket", "s3:GetBucketLocation"])
    assert answer["result"] == "PASS"
    assert (
        answer["message"] == "The policy document does not grant access to perform one or more of the listed actions."
    )


@pytest.mark.parametrize(
    "access",
    [
        {"actions": ["s3:DeleteBucket", "s3:getobject"]},
        {"actions": ["s3:Get*"]},
        {"resources": ["arn:aws:s3:::amzn-s3-demo-bucket/secret"]},
        {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::amzn-s3-demo-bucket/*"]},
    ],
)
def test_access_that_is_granted_fails(not_granted, access):
    answer = not_granted(READ, **access)
    assert answer["result"] == "FAIL"
    assert [reason["statementIndex"] for reason in answer["reasons"]] == [0]


def test_actions_and_resources_have_to_come_together(not_granted):
    answer = not_granted(READ, actions=["s3:GetObject"], resources=["arn:aws:s3:::other/*"])
    assert answer["result"] == "PASS"


def test_what_is_denied_is_not_granted(not_granted):
    deny = {"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}
    assert not_granted(READ, deny, actions=["s3:GetObject"])["result"] == "PASS"
    conditional = {**deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert not_granted(READ, conditional, actions=["s3:GetObject"])["result"] == "FAIL"


def test_something_has_to_be_asked_for(analyzer_client, policy, refused):
    with refused("InvalidParameterException"):
        analyzer_client.check_access_not_granted(policyDocument=policy(READ), access=[], policyType="IDENTITY_POLICY")


def test_public_access_is_found(analyzer_client, policy):
    def check(principal):
        statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject"}
        return analyzer_client.check_no_public_access(policyDocument=policy(statement), resourceType="AWS::S3::Bucket")

    named = check({"AWS": "arn:aws:iam::111122223333:user/JohnDoe"})
    assert named["result"] == "PASS"
    assert named["message"] == "The resource policy does not grant public access for the given resource type."
    anybody = check("*")
    assert anybody["result"] == "FAIL"
    assert anybody["reasons"][0]["statementIndex"] == 0


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "{}",
        '{"Statement": []}',
        '{"Statement": {"Effect": "Maybe", "Action": "*"}}',
        '{"Statement": {"Effect": "Allow"}}',
        '{"Statement": {"Effect": "Allow", "Action": [1]}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": {}}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "Principal": "*"}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "Condition": {"Bool": 1}}}',
    ],
)
def test_what_is_no_policy_is_refused(analyzer_client, policy, refused, text):
    with refused("InvalidParameterException", "Invalid policy document."):
        analyzer_client.check_no_new_access(
            newPolicyDocument=text, existingPolicyDocument=policy(READ), policyType="IDENTITY_POLICY"
        )


def test_a_resource_policy_has_principals(no_new_access, refused):
    with refused("InvalidParameterException", "requires principals"):
        no_new_access(READ, READ, kind="RESOURCE_POLICY")
