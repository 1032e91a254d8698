"""The policy simulator."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.identity.principals import Principal
from fogbank.services.iam.simulator import Simulation, Source

READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
OBJECT = "arn:aws:s3:::bucket/key"


def policy(*statements, **dump):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, **dump)


@pytest.fixture
def simulate(iam):
    """Simulates policies and gives the one result of the one action."""

    def simulate(*policies, action="s3:GetObject", **params):
        answer = iam.simulate_custom_policy(PolicyInputList=list(policies), ActionNames=[action], **params)
        (result,) = answer["EvaluationResults"]
        return result

    return simulate


@pytest.fixture
def user(iam, make_user):
    made = make_user()
    iam.put_user_policy(UserName="user", PolicyName="read", PolicyDocument=policy(READ))
    return made["Arn"]


@pytest.fixture
def simulate_user(iam, user):
    def simulate_user(action="s3:GetObject", **params):
        answer = iam.simulate_principal_policy(PolicySourceArn=user, ActionNames=[action], **params)
        (result,) = answer["EvaluationResults"]
        return result

    return simulate_user


# -- decisions


def test_what_nothing_allows_is_denied_implicitly(simulate):
    result = simulate(policy(READ), action="s3:PutObject")
    assert result["EvalDecision"] == "implicitDeny"
    assert result["MatchedStatements"] == []
    assert result["EvalResourceName"] == "*"


def test_what_a_statement_allows_is_told_with_its_place():
    """The example of the AWS CLI's page on simulate-custom-policy."""
    text = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*",'
        '"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'
    )
    caller = Principal("123456789012", "", "user", "")
    simulation = Simulation(caller, (Source(text, "x"),), caller.account, {"aws:currenttime": "2019-04-25T11:00:00Z"})
    (match,) = simulation.run("dynamodb:CreateBackup", "*").matched
    assert (match.start, match.end) == ((1, 38), (1, 167))


def test_statements_of_a_list_are_placed_by_line(simulate):
    deny = {"Effect": "Deny", "Action": "s3:Get*", "Resource": "arn:aws:s3:::secret/*"}
    text = policy(READ, deny, indent=4)
    (match,) = simulate(text)["MatchedStatements"]
    assert match == {
        "SourcePolicyId": "PolicyInputList.1",
        "SourcePolicyType": "none",
        "StartPosition": {"Line": 3, "Column": 19},
        "EndPosition": {"Line": 8, "Column": 10},
    }
    denied = simulate(text, ResourceArns=["arn:aws:s3:::secret/x"])
    assert denied["EvalDecision"] == "explicitDeny"
    assert [each["StartPosition"] for each in denied["MatchedStatements"]] == [{"Line": 8, "Column": 10}]


def test_all_statements_that_allow_are_told(simulate):
    result = simulate(policy(READ, {**READ, "Action": "*"}), policy(READ))
    sources = [each["SourcePolicyId"] for each in result["MatchedStatements"]]
    assert sources == ["PolicyInputList.1", "PolicyInputList.1", "PolicyInputList.2"]


def test_each_resource_has_its_result_and_the_worst_is_that_of_all(simulate):
    document = policy({**READ, "Resource": "arn:aws:s3:::open/*"})
    result = simulate(document, ResourceArns=["arn:aws:s3:::open/a", "arn:aws:s3:::closed/a"])
    assert result["EvalDecision"] == "implicitDeny"
    assert result["EvalResourceName"] == "arn:${Partition}:s3:::${BucketName}/${ObjectName}"
    verdicts = {each["EvalResourceName"]: each["EvalResourceDecision"] for each in result["ResourceSpecificResults"]}
    assert verdicts == {"arn:aws:s3:::open/a": "allowed", "arn:aws:s3:::closed/a": "implicitDeny"}
    assert result["EvalDecisionDetails"] == {}


def test_actions_come_in_pages(iam):
    actions = [f"s3:{name}Object" for name in ("Get", "Put", "Delete")]
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[policy(READ)], ActionNames=actions, PaginationConfig={"PageSize": 2}
    )
    results = [[result["EvalActionName"] for result in page["EvaluationResults"]] for page in pages]
    assert results == [actions[:2], actions[2:]]


# -- conditions


TAGGED = {**READ, "Condition": {"StringEquals": {"aws:PrincipalTag/Team": ["blue", "${aws:username}"]}}}


def test_keys_that_are_asked_for_and_not_given_are_told(simulate):
    result = simulate(policy(TAGGED))
    assert result["EvalDecision"] == "implicitDeny"
    assert result["MissingContextValues"] == ["aws:PrincipalTag/Team", "aws:username"]


@pytest.mark.parametrize(("team", "decision"), [("blue", "allowed"), ("red", "implicitDeny")])
def test_keys_that_are_given_decide(simulate, team, decision):
    entry = {"ContextKeyName": "aws:principaltag/team", "ContextKeyValues": [team], "ContextKeyType": "string"}
    result = simulate(policy(TAGGED), ContextEntries=[entry])
    assert result["EvalDecision"] == decision
    assert result["MissingContextValues"] == ["aws:username"]


def test_keys_of_many_values_are_given_as_lists(simulate):
    every = {**READ, "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}}
    entry = {"ContextKeyName": "aws:TagKeys", "ContextKeyType": "stringList"}
    allowed = simulate(policy(every), ContextEntries=[{**entry, "ContextKeyValues": ["a", "b"]}])
    refused = simulate(policy(every), ContextEntries=[{**entry, "ContextKeyValues": ["a", "c"]}])
    assert (allowed["EvalDecision"], refused["EvalDecision"]) == ("allowed", "implicitDeny")


# -- boundaries, organizations, resource policies


def test_a_boundary_has_to_allow_too(simulate):
    result = simulate(policy(READ), PermissionsBoundaryPolicyInputList=[policy({**READ, "Action": "sqs:*"})])
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    result = simulate(policy(READ), PermissionsBoundaryPolicyInputList=[policy(READ)])
    assert result["EvalDecision"] == "allowed"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}
    assert "PermissionsBoundaryDecisionDetail" not in simulate(policy(READ))


def test_every_level_of_an_organization_has_to_allow(simulate):
    everything, queues = policy({**READ, "Action": "*"}), policy({**READ, "Action": "sqs:*"})

    def levels(*texts):
        return [{"ServiceControlPolicyInputList": [text]} for text in texts]

    allowed = simulate(policy(READ), OrderedOrganizationPolicyInputList=levels(everything, everything))
    refused = simulate(policy(READ), OrderedOrganizationPolicyInputList=levels(everything, queues))
    assert (allowed["EvalDecision"], refused["EvalDecision"]) == ("allowed", "implicitDeny")
    assert refused["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
    assert "OrganizationsDecisionDetail" not in simulate(policy(READ))


CALLER = "arn:aws:iam::111111111111:user/jane"


def shared(principal):
    return policy({**READ, "Principal": {"AWS": principal}})


def test_a_resource_policy_that_names_the_caller_is_enough_at_home(simulate):
    result = simulate(
        policy({**READ, "Action": "sqs:*"}),
        ResourcePolicy=shared(CALLER),
        CallerArn=CALLER,
        ResourceArns=[OBJECT],
    )
    assert result["EvalDecision"] == "allowed"
    assert [each["SourcePolicyType"] for each in result["MatchedStatements"]] == ["resource"]


def test_between_accounts_both_sides_have_to_allow(simulate):
    params = {"CallerArn": CALLER, "ResourceOwner": "222222222222", "ResourceArns": [OBJECT]}
    refused = simulate(policy(READ), ResourcePolicy=shared("arn:aws:iam::111111111111:user/other"), **params)
    assert refused["EvalDecision"] == "implicitDeny"
    assert refused["EvalDecisionDetails"] == {"IAM Policy": "allowed", "Resource Policy": "implicitDeny"}
    allowed = simulate(policy(READ), ResourcePolicy=shared("111111111111"), **params)
    assert allowed["EvalDecision"] == "allowed"


def test_a_resource_policy_needs_a_caller(simulate, refused):
    with refused("InvalidInput", "CallerArn"):
        simulate(policy(READ), ResourcePolicy=shared(CALLER))


# -- users, groups and roles


def test_a_users_own_policies_are_simulated(simulate_user):
    result = simulate_user()
    assert result["EvalDecision"] == "allowed"
    (match,) = result["MatchedStatements"]
    assert (match["SourcePolicyId"], match["SourcePolicyType"]) == ("read", "user")
    assert simulate_user("s3:PutObject")["EvalDecision"] == "implicitDeny"


def test_a_users_groups_are_simulated(iam, make_group, simulate_user):
    make_group()
    iam.add_user_to_group(UserName="user", GroupName="group")
    iam.attach_group_policy(GroupName="group", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess")
    (match,) = simulate_user("sqs:GetQueueUrl")["MatchedStatements"]
    assert (match["SourcePolicyId"], match["SourcePolicyType"]) == ("AmazonSQSReadOnlyAccess", "aws-managed")


def test_a_users_boundary_is_simulated_unless_another_is_given(iam, make_policy, simulate_user):
    boundary = make_policy("boundary", policy({**READ, "Action": "sqs:*"}))
    iam.put_user_permissions_boundary(UserName="user", PermissionsBoundary=boundary)
    assert simulate_user()["EvalDecision"] == "implicitDeny"
    assert simulate_user(PermissionsBoundaryPolicyInputList=[policy(READ)])["EvalDecision"] == "allowed"
    assert simulate_user(PolicyExclusionList=[{"PolicyType": "permission-boundary"}])["EvalDecision"] == "allowed"


def test_what_is_known_of_a_user_need_not_be_given(iam, simulate_user):
    own = {**READ, "Action": "sqs:*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "${aws:username}"}}}
    iam.put_user_policy(UserName="user", PolicyName="own", PolicyDocument=policy(own))
    iam.tag_user(UserName="user", Tags=[{"Key": "Team", "Value": "user"}])
    result = simulate_user("sqs:SendMessage")
    assert result["EvalDecision"] == "allowed"
    assert result["MissingContextValues"] == []


def test_roles_are_simulated_without_resource_policies(iam, make_role, refused):
    role = make_role()["Arn"]
    iam.put_role_policy(RoleName="role", PolicyName="read", PolicyDocument=policy(READ))
    answer = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=["s3:GetObject", "s3:PutObject"])
    assert [each["EvalDecision"] for each in answer["EvaluationResults"]] == ["allowed", "implicitDeny"]
    with refused("InvalidInput", "isn't supported for IAM roles"):
        iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=["s3:GetObject"], ResourcePolicy=shared("*"))


@pytest.mark.parametrize(
    "exclusion",
    [
        {"PolicyType": "inline"},
        {"InlinePolicyIdentifier": {"PolicyName": "read", "AttachmentType": "user", "AttachmentName": "user"}},
    ],
)
def test_inline_policies_are_left_out(simulate_user, exclusion):
    assert simulate_user(PolicyExclusionList=[exclusion])["EvalDecision"] == "implicitDeny"


def test_managed_policies_are_left_out_by_arn(iam, simulate_user):
    iam.attach_user_policy(UserName="user", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")

    def decision(arn):
        return simulate_user("sqs:SendMessage", PolicyExclusionList=[{"PolicyArn": arn}])["EvalDecision"]

    assert decision("arn:aws:iam::aws:policy/AmazonSQS*") == "implicitDeny"
    assert decision("arn:aws:iam::aws:policy/AmazonSNS*") == "allowed"


@pytest.mark.parametrize(
    "exclusion",
    [
        {"PolicyArn": "arn:aws:iam::aws:policy/*Full*"},
        {"PolicyArn": "arn:aws:s3:::bucket/key-of-it"},
    ],
)
def test_exclusions_that_make_no_sense_are_refused(simulate_user, refused, exclusion):
    with refused("InvalidInput"):
        simulate_user(PolicyExclusionList=[exclusion])


# -- refusals


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("arn:aws:iam::123456789012:root", "InvalidInput"),
        ("arn:aws:sts::123456789012:assumed-role/role/session", "InvalidInput"),
        ("arn:aws:iam::123456789012:user/nobody", "NoSuchEntity"),
    ],
)
def test_only_users_groups_and_roles_are_simulated(iam, refused, arn, code):
    with refused(code):
        iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["s3:GetObject"])
    with refused(code):
        iam.get_context_keys_for_principal_policy(PolicySourceArn=arn)


@pytest.mark.parametrize(
    "params",
    [
        {"PolicyInputList": ["{}"]},
        {"PolicyInputList": ["no json"]},
        {"ActionNames": ["GetObject"]},
        {"CallerArn": "arn:aws:iam::123456789012:root"},
        {"ResourceOwner": "somebody"},
        {"PermissionsBoundaryPolicyInputList": [policy(READ), policy(READ)]},
        {"ResourceHandlingOption": "EC2-Classic"},
        {"ResourceHandlingOption": "EC2-VPC-EBS", "ResourceArns": ["arn:aws:ec2:us-east-1:1:instance/*"]},
        {"ResourcePolicy": "{}", "CallerArn": CALLER},
    ],
)
def test_what_cannot_be_simulated_is_refused(iam, refused, params):
    with refused("InvalidInput"):
        iam.simulate_custom_policy(**{"PolicyInputList": [policy(READ)], "ActionNames": ["s3:GetObject"], **params})


# -- context keys


def test_the_keys_that_policies_ask_for(iam):
    """The example of the AWS CLI's page on get-context-keys-for-custom-policy."""
    statement = {
        "Effect": "Allow",
        "Action": "dynamodb:*",
        "Resource": "arn:aws:dynamodb:us-west-2:123456789012:table/${aws:username}",
        "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2015-08-16T12:00:00Z"}},
    }
    answer = iam.get_context_keys_for_custom_policy(PolicyInputList=[policy(statement)])
    assert answer["ContextKeyNames"] == ["aws:username", "aws:CurrentTime"]


def test_the_keys_of_a_users_policies_and_of_others(iam, user):
    iam.put_user_policy(UserName="user", PolicyName="tagged", PolicyDocument=policy(TAGGED))
    other = policy({**READ, "Condition": {"Bool": {"aws:SecureTransport": "true", "AWS:username": "x"}}})
    answer = iam.get_context_keys_for_principal_policy(PolicySourceArn=user, PolicyInputList=[other])
    assert answer["ContextKeyNames"] == ["aws:PrincipalTag/Team", "aws:username", "aws:SecureTransport"]


# -- laws

STATEMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(["Allow", "Deny"]),
            "Action": st.sampled_from(["s3:GetObject", "s3:Get*", "s3:PutObject", "*"]),
            "Resource": st.sampled_from(["*", OBJECT, "arn:aws:s3:::other/*"]),
        }
    ),
    min_size=1,
    max_size=4,
)


@given(STATEMENTS)
def test_an_allowed_action_has_only_allowing_statements_and_a_denied_one_only_denying(statements):
    caller = Principal("123456789012", "", "user", "")
    simulation = Simulation(caller, (Source(policy(*statements), "x"),), caller.account, {})
    result = simulation.run("s3:GetObject", OBJECT)
    lines = {match.start for match in result.matched}
    effects = {"allowed": "Allow", "explicitDeny": "Deny"}
    if result.verdict in effects:
        about = [
            each
            for each in statements
            if each["Effect"] == effects[result.verdict]
            and each["Action"] != "s3:PutObject"
            and each["Resource"] != "arn:aws:s3:::other/*"
        ]
        assert len(lines) == len(result.matched) == len(about)
    else:
        assert not lines
