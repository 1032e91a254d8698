"""What policies certainly do not allow, held against the decision itself."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.identity.policy import Access, Policy
from fogbank.identity.principals import Principal
from fogbank.services.accessanalyzer.comparisons import granted_access, new_access, public_access

ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:GetObjectAcl", "sqs:SendMessage"]
RESOURCES = ["arn:aws:s3:::a/x", "arn:aws:s3:::a/y", "arn:aws:s3:::b/x", "arn:aws:sqs:us-east-1:1:q"]
TAGS = ["blue", "red", None]
CALLER = Principal("111122223333", "arn:aws:iam::111122223333:user/jane", "user", "AIDA")

names = st.sampled_from(["*", "s3:*", "s3:Get*", "s3:GetObject", "s3:?etObject", "sqs:SendMessage", "S3:PUT*"])
resources = st.sampled_from(
    ["*", "arn:aws:s3:::*", "arn:aws:s3:::a/*", "arn:aws:s3:::a/x", "arn:aws:s3:::?/x", "arn:aws:sqs:*"]
)
conditions = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:PrincipalTag/team": "blue"}},
        {"StringEquals": {"aws:PrincipalTag/team": ["blue", "red"]}},
        {"StringLike": {"aws:principaltag/Team": "b*"}},
        {"StringNotEquals": {"aws:PrincipalTag/team": "red"}},
        {"StringEqualsIfExists": {"aws:PrincipalTag/team": "blue"}},
        {"Null": {"aws:PrincipalTag/team": "true"}},
    ]
)


@st.composite
def statements(draw):
    def some(values):
        return draw(st.lists(values, min_size=1, max_size=2, unique=True))

    return {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): some(names),
        draw(st.sampled_from(["Resource", "Resource", "NotResource"])): some(resources),
        "Condition": draw(conditions),
    }


documents = st.lists(statements(), min_size=1, max_size=3).map(
    lambda listed: {"Version": "2012-10-17", "Statement": listed}
)


def allowed(document):
    """All requests of a small world that a policy allows, asked of the decision's own evaluation."""
    policy = Policy(document)
    return {
        (action, resource, tag)
        for action, resource, tag in itertools.product(ACTIONS, RESOURCES, TAGS)
        if policy.evaluate(
            Access(CALLER, action, resource, {} if tag is None else {"aws:principaltag/team": tag})
        ).allowed_by
    }


@given(documents, documents)
def test_where_no_new_access_is_found_there_is_none(new, existing):
    if not new_access(new, existing):
        assert allowed(new) <= allowed(existing)


@given(documents)
def test_a_policy_has_nothing_new_compared_to_itself(document):
    assert not new_access(document, document)


@given(documents, statements())
def test_a_further_deny_is_never_new_access(document, statement):
    further = {**document, "Statement": [*document["Statement"], {**statement, "Effect": "Deny"}]}
    assert not new_access(further, document)


@given(documents, st.sampled_from(ACTIONS), st.sampled_from(RESOURCES))
def test_where_no_grant_is_found_there_is_none(document, action, resource):
    if not granted_access(document, [action], [resource]):
        assert not any(found[:2] == (action, resource) for found in allowed(document))


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(actions="s3:GetObject", resources="*", **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def deny(actions, resources="*", **more):
    return {**allow(actions, resources, **more), "Effect": "Deny"}


def test_only_the_statements_with_something_new_are_named():
    existing = document(allow("s3:Get*"))
    new = document(allow("s3:GetObject"), allow("s3:PutObject"), allow(["s3:GetObjectAcl", "sqs:*"]))
    assert [grant.index for grant in new_access(new, existing)] == [1, 2]


def test_what_is_denied_again_is_not_new():
    existing = document(allow("s3:Get*"))
    assert not new_access(document(allow("s3:*"), deny("s3:*")), existing)


def test_a_deny_that_is_gone_is_new_access():
    existing = document(allow("s3:*"), deny("s3:Put*"))
    assert new_access(document(allow("s3:*")), existing)
    assert not new_access(document(allow("s3:Get*")), existing)
    assert not new_access(document(allow("s3:*"), deny(["s3:Put*", "s3:Delete*"])), existing)


@pytest.mark.parametrize(
    ("given", "wanted", "follows"),
    [
        ({"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}}, {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}}, False),
        ({"NumericLessThan": {"a:n": "5"}}, {"NumericLessThanEquals": {"a:n": "7"}}, True),
        ({"NumericLessThan": {"a:n": "8"}}, {"NumericLessThanEquals": {"a:n": "7"}}, False),
        ({"DateGreaterThan": {"a:d": "2026-02-01"}}, {"DateGreaterThan": {"a:d": "2026-01-01T00:00:00Z"}}, True),
        ({"StringNotEquals": {"a:s": ["x", "y"]}}, {"StringNotEquals": {"a:s": "x"}}, True),
        ({"StringNotEquals": {"a:s": "x"}}, {"StringNotEquals": {"a:s": ["x", "y"]}}, False),
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::a"}}, {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}, True),
        ({"Bool": {"a:b": True}}, {"BoolIfExists": {"a:b": "true"}}, True),
        ({"BoolIfExists": {"a:b": "true"}}, {"Bool": {"a:b": "true"}}, False),
        ({"StringEquals": {"a:s": "x"}, "Bool": {"a:b": "true"}}, {"Bool": {"A:B": "true"}}, True),
    ],
)
def test_a_condition_may_follow_from_another(given, wanted, follows):
    assert bool(new_access(document(allow(Condition=given)), document(allow(Condition=wanted)))) is not follows


@pytest.mark.parametrize(
    ("principal", "existing", "new"),
    [
        ({"AWS": "arn:aws:iam::111122223333:user/jane"}, {"AWS": "111122223333"}, False),
        ({"AWS": "arn:aws:iam::111122223333:root"}, {"AWS": "111122223333"}, False),
        ({"AWS": "111122223333"}, {"AWS": "arn:aws:iam::111122223333:user/jane"}, True),
        ({"AWS": "444455556666"}, "*", False),
        ("*", {"AWS": "*"}, False),
        ("*", {"AWS": "444455556666"}, True),
        ({"Service": "sns.amazonaws.com"}, {"AWS": "sns.amazonaws.com"}, True),
    ],
)
def test_principals_are_compared(principal, existing, new):
    one, other = (document(allow(Principal=each)) for each in (principal, existing))
    assert bool(new_access(one, other)) is new


def _public(statement):
    return bool(public_access(document({**statement, "Principal": statement.get("Principal", "*")})))


@pytest.mark.parametrize(
    ("condition", "public"),
    [
        ({}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}, False),
        ({"StringLike": {"aws:PrincipalOrgID": "o-*"}}, True),
        ({"StringLike": {"aws:PrincipalOrgID": "*"}}, True),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1234567890/r-ab12/*"}}, False),
        ({"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-1234567890/r-ab12/*"}}, True),
        ({"StringEquals": {"aws:SourceAccount": ["111122223333", "444455556666"]}}, False),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:topic"}}, True),
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::bucket"}}, False),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, False),
        ({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, True),
    ],
)
def test_everybody_is_the_public_unless_somebody_is_picked_out(condition, public):
    assert _public(allow(Condition=condition)) is public


@pytest.mark.parametrize(
    ("principal", "public"),
    [
        ({"AWS": "*"}, True),
        ({"AWS": ["111122223333", "*"]}, True),
        ({"AWS": "111122223333"}, False),
        ({"Service": "sns.amazonaws.com"}, False),
    ],
)
def test_the_public_is_who_is_not_named(principal, public):
    assert _public(allow(Principal=principal)) is public


def test_what_is_denied_to_everybody_is_not_public():
    open_to_all = {**allow(), "Principal": "*"}
    assert not public_access(document(open_to_all, {**deny("s3:*"), "Principal": "*"}))
    assert public_access(document(open_to_all, {**deny("s3:*"), "Principal": {"AWS": "111122223333"}}))


def test_everyone_but_some_is_the_public():
    statement = {**allow(), "NotPrincipal": {"AWS": "111122223333"}}
    assert public_access(json.loads(json.dumps(document(statement))))
