"""The policy language: principals, actions, resources, variables and every condition operator."""

from __future__ import annotations

import json
import time

import pytest

from fogbank.identity.policy import Access, Grade, Policy, parse
from fogbank.identity.principals import (
    ANONYMOUS,
    Principal,
    Session,
    canonical_id,
    role_session,
    root,
    service_principal,
)

ADA = Principal(
    "111122223333", "arn:aws:iam::111122223333:user/ada", "user", "AIDAADA", name="ada", tags={"team": "blue"}
)
BUILD = Principal(
    "111122223333",
    "arn:aws:sts::111122223333:assumed-role/build/s1",
    "role",
    "AROABUILD:s1",
    issuer="arn:aws:iam::111122223333:role/build",
)
EVE = Principal(
    "111122223333",
    "arn:aws:sts::111122223333:federated-user/eve",
    "federated",
    "111122223333:eve",
    issuer=ADA.arn,
    session=Session(0.0, ()),
)
GOOGLER = Principal("", "accounts.google.com", "provider", "")
WEB = role_session(
    "arn:aws:iam::111122223333:role/build", "AROABUILD", "s1", Session(0.0, provider="accounts.google.com")
)
ROOT = root("111122223333")
SNS = service_principal("sns", "111122223333")


def statement(**elements):
    return {"Effect": "Allow", "Action": "*", "Resource": "*", **elements}


def outcome(
    statements, principal=ADA, action="s3:GetObject", resource="arn:aws:s3:::b/k", version="2012-10-17", **keys
):
    document = {"Version": version, "Statement": statements}
    return Policy(document).evaluate(
        Access(principal, action, resource, {name.lower(): value for name, value in keys.items()})
    )


def allows(statements, *args, **kwargs):
    return outcome(statements, *args, **kwargs).allowed_by is not None


# -- actions and resources


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("s3:GetObject", True),
        ("S3:getobject", True),
        ("s3:Get*", True),
        ("s3:*Object", True),
        ("s3:G?tObject", True),
        ("*", True),
        ("s3:GetObjec", False),
        ("s3:GetObjectAcl", False),
        ("s3:G?Object", False),
        ("sqs:*", False),
        (["sqs:*", "s3:Get*"], True),
        ([], False),
    ],
)
def test_actions_match_without_regard_to_case(pattern, matches):
    assert allows(statement(Action=pattern)) is matches


def test_not_action_matches_everything_else():
    assert allows({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})
    assert not allows({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, action="iam:CreateUser")


@pytest.mark.parametrize(
    ("pattern", "resource", "matches"),
    [
        ("arn:aws:s3:::b/k", "arn:aws:s3:::b/k", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/a/b:c", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
        ("arn:aws:s3:::B/k", "arn:aws:s3:::b/k", False),
        ("arn:aws:s3:::*/k", "arn:aws:s3:::b/k", True),
        ("arn:aws:s3:::b/*.jpg", "arn:aws:s3:::b/a.jpg.png", False),
        ("arn:aws:s3:::b/*.jpg", "arn:aws:s3:::b/a.jpg.jpg", True),
        ("arn:aws:s3:::b/*a*b*", "arn:aws:s3:::b/xbyaz", False),
        ("arn:aws:s3:::b/?", "arn:aws:s3:::b/\n", True),
        ("arn:aws:s3:::b/k.t", "arn:aws:s3:::b/kxt", False),
        ("arn:aws:sqs:*:111122223333:*", "arn:aws:sqs:eu-west-1:111122223333:q", True),
        ("*", "anything", True),
    ],
)
def test_resources_match_with_wildcards(pattern, resource, matches):
    assert allows(statement(Resource=pattern), resource=resource) is matches


def test_not_resource_matches_everything_else():
    only = {"Effect": "Allow", "Action": "*", "NotResource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]}
    assert not allows(only)
    assert allows(only, resource="arn:aws:s3:::c/k")


def test_many_wildcards_do_not_take_long():
    pattern = "arn:aws:s3:::b/" + "*a" * 60 + "*b"
    started = time.process_time()
    assert not allows(statement(Resource=pattern), resource="arn:aws:s3:::b/" + "a" * 1000)
    assert time.process_time() - started < 0.2


# -- variables (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html)


def test_a_variable_stands_for_the_value_of_its_key():
    home = statement(Resource="arn:aws:s3:::b/home/${aws:username}/*")
    assert allows(home, resource="arn:aws:s3:::b/home/ada/x", **{"aws:username": "ada"})
    assert not allows(home, resource="arn:aws:s3:::b/home/bob/x", **{"aws:username": "ada"})


def test_wildcards_in_the_value_of_a_variable_are_literal():
    home = statement(Resource="arn:aws:s3:::b/home/${aws:username}/*")
    assert not allows(home, resource="arn:aws:s3:::b/home/bob/x", **{"aws:username": "*"})


def test_a_variable_without_value_matches_nothing_unless_it_has_a_default():
    assert not allows(statement(Resource="arn:aws:s3:::${aws:username}"), resource="arn:aws:s3:::")
    defaulted = statement(Resource="arn:aws:s3:::b/${aws:PrincipalTag/team, 'company-wide'}/*")
    assert allows(defaulted, resource="arn:aws:s3:::b/company-wide/x")
    assert allows(defaulted, resource="arn:aws:s3:::b/blue/x", **{"aws:principaltag/team": "blue"})


def test_special_variables_are_the_characters_themselves():
    literal = statement(Resource="arn:aws:s3:::b/a${*}b${?}c${$}")
    assert allows(literal, resource="arn:aws:s3:::b/a*b?c$")
    assert not allows(literal, resource="arn:aws:s3:::b/axxbyc$")


def test_the_older_version_has_no_variables():
    literal = statement(Resource="arn:aws:s3:::b/${aws:username}")
    assert allows(literal, resource="arn:aws:s3:::b/${aws:username}", version="2008-10-17", **{"aws:username": "ada"})
    assert not allows(literal, resource="arn:aws:s3:::b/ada", version="2008-10-17", **{"aws:username": "ada"})


# -- principals (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html)


@pytest.mark.parametrize(
    ("element", "principal", "grade"),
    [
        ("*", ADA, Grade.DIRECT),
        ("*", ANONYMOUS, Grade.DIRECT),
        ({"AWS": "*"}, ANONYMOUS, Grade.DIRECT),
        ({"AWS": "111122223333"}, ADA, Grade.ACCOUNT),
        ({"AWS": "arn:aws:iam::111122223333:root"}, ADA, Grade.ACCOUNT),
        ({"AWS": "arn:aws:iam::111122223333:root"}, ROOT, Grade.DIRECT),
        ({"AWS": "111122223333"}, ROOT, Grade.DIRECT),
        ({"AWS": "arn:aws:iam::111122223333:root"}, ANONYMOUS, Grade.NONE),
        ({"AWS": ["444455556666", "arn:aws:iam::111122223333:user/ada"]}, ADA, Grade.DIRECT),
        ({"AWS": "arn:aws:iam::111122223333:user/bob"}, ADA, Grade.NONE),
        ({"AWS": "arn:aws:iam::111122223333:user/a*"}, ADA, Grade.NONE),
        ({"AWS": "arn:aws:iam::111122223333:role/build"}, BUILD, Grade.ROLE),
        ({"AWS": "arn:aws:sts::111122223333:assumed-role/build/s1"}, BUILD, Grade.DIRECT),
        ({"AWS": "arn:aws:sts::111122223333:assumed-role/build/s2"}, BUILD, Grade.NONE),
        ({"AWS": "AROABUILD"}, BUILD, Grade.ROLE),
        ({"AWS": "AIDAADA"}, ADA, Grade.DIRECT),
        ({"CanonicalUser": canonical_id("111122223333")}, ADA, Grade.ACCOUNT),
        ({"CanonicalUser": canonical_id("444455556666")}, ADA, Grade.NONE),
        ({"AWS": "arn:aws:sts::111122223333:federated-user/eve"}, EVE, Grade.DIRECT),
        ({"AWS": "arn:aws:iam::111122223333:user/ada"}, EVE, Grade.ROLE),
        ({"AWS": "111122223333"}, EVE, Grade.ACCOUNT),
        ({"Federated": "accounts.google.com"}, GOOGLER, Grade.DIRECT),
        ({"Federated": "accounts.google.com"}, WEB, Grade.DIRECT),
        ({"Federated": "accounts.google.com"}, ADA, Grade.NONE),
        ({"AWS": "*"}, GOOGLER, Grade.DIRECT),
        ({"Service": "sns.amazonaws.com"}, SNS, Grade.DIRECT),
        ({"Service": "sqs.amazonaws.com"}, SNS, Grade.NONE),
        ({"AWS": "111122223333"}, SNS, Grade.NONE),
        ({"Service": "sns.amazonaws.com"}, ADA, Grade.NONE),
        ({"AWS": "444455556666"}, ADA, Grade.NONE),
    ],
)
def test_principal_names_by_every_form(element, principal, grade):
    assert outcome(statement(Principal=element), principal).grade is grade


def test_federated_principals_are_named_by_their_provider():
    provider = "arn:aws:iam::111122223333:oidc-provider/accounts.example.com"
    web = Principal("111122223333", provider, "federated", "web")
    assert allows(statement(Principal={"Federated": provider}), web)
    assert not allows(statement(Principal={"Federated": "cognito-identity.amazonaws.com"}), web)


def test_not_principal_spares_nobody_whose_account_it_does_not_name():
    deny = statement(Effect="Deny", NotPrincipal={"AWS": [ADA.arn]})
    assert outcome(deny, ADA).denied_by is not None


def test_not_principal_spares_a_session_that_it_names_with_its_role_and_account():
    names = [BUILD.arn, BUILD.issuer, "111122223333"]
    assert outcome(statement(Effect="Deny", NotPrincipal={"AWS": names}), BUILD).denied_by is None
    for name in names:
        fewer = [other for other in names if other != name]
        assert outcome(statement(Effect="Deny", NotPrincipal={"AWS": fewer}), BUILD).denied_by is not None


def test_not_principal_spares_only_those_it_names():
    deny = statement(Effect="Deny", NotPrincipal={"AWS": [ADA.arn, "arn:aws:iam::111122223333:root"]})
    assert outcome(deny, ADA).denied_by is None
    assert outcome(deny, ROOT).denied_by is None
    assert outcome(deny, BUILD).denied_by is not None
    assert outcome(deny, ANONYMOUS).denied_by is not None


def test_a_deny_of_an_account_denies_everyone_in_it():
    assert outcome(statement(Effect="Deny", Principal={"AWS": "111122223333"}), ADA).denied_by is not None


def test_the_most_direct_allow_counts():
    both = [statement(Principal={"AWS": "111122223333"}), statement(Principal={"AWS": ADA.arn}, Sid="direct")]
    found = outcome(both)
    assert found.grade is Grade.DIRECT
    assert found.allowed_by.sid == "direct"


# -- conditions (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html)


def holds(operator, values, key="k", **keys):
    return allows(statement(Condition={operator: {key: values}}), **keys)


@pytest.mark.parametrize(
    ("operator", "values", "given", "expected"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "a*", "a*", True),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringEqualsIgnoreCase", "AbC", "aBc", True),
        ("StringNotEqualsIgnoreCase", "AbC", "aBc", False),
        ("StringLike", "a*c", "abc", True),
        ("StringLike", "a?c", "abbc", False),
        ("StringNotLike", "a*c", "abc", False),
        ("NumericEquals", "10", "10.0", True),
        ("NumericEquals", 10, "10", True),
        ("NumericEquals", "10", "ten", False),
        ("NumericNotEquals", "10", "11", True),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "10", "11", True),
        ("NumericGreaterThanEquals", "10", "9.9", False),
        ("DateEquals", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", True),
        ("DateEquals", "2020-01-01T01:00:00+01:00", "2020-01-01T00:00:00Z", True),
        ("DateEquals", "2020-01-01", "1577836800", True),
        ("DateNotEquals", "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z", True),
        ("DateLessThan", "2020-01-01T00:00:00Z", "2019-12-31T23:59:59Z", True),
        ("DateLessThanEquals", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", True),
        ("DateGreaterThan", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", False),
        ("DateGreaterThanEquals", "2020-01-01T00:00:00Z", "2020-06-30T00:00:00Z", True),
        ("Bool", "true", "true", True),
        ("Bool", True, "true", True),
        ("Bool", "true", "false", False),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
        ("BinaryEquals", "QmluYXJ5", "b3RoZXI=", False),
        ("IpAddress", "203.0.113.0/24", "203.0.113.9", True),
        ("IpAddress", "203.0.113.0/24", "203.0.114.9", False),
        ("IpAddress", "203.0.113.9", "203.0.113.9", True),
        ("IpAddress", ["10.0.0.0/8", "2001:DB8:1234:5678::/64"], "2001:db8:1234:5678::1", True),
        ("NotIpAddress", "203.0.113.0/24", "203.0.114.9", True),
        ("ArnEquals", "arn:aws:sns:us-east-1:111122223333:t", "arn:aws:sns:us-east-1:111122223333:t", True),
        ("ArnLike", "arn:aws:sns:*:111122223333:t*", "arn:aws:sns:eu-west-1:111122223333:topic", True),
        ("ArnLike", "arn:aws:sns:*:t", "arn:aws:sns:us-east-1:111122223333:t", False),
        ("ArnLike", "*", "arn:aws:sns:us-east-1:111122223333:t", True),
        ("ArnLike", "arn:aws:sns:*", "not an arn", False),
        ("ArnNotEquals", "arn:aws:sns:us-east-1:111122223333:t", "arn:aws:sns:us-east-1:111122223333:u", True),
        ("ArnNotLike", "arn:aws:sns:*:*:*", "arn:aws:sns:us-east-1:111122223333:u", False),
    ],
)
def test_operators(operator, values, given, expected):
    assert holds(operator, values, k=given) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringNotEquals", True),
        ("StringEqualsIfExists", True),
        ("StringNotEqualsIfExists", True),
        ("NumericLessThan", False),
        ("NumericLessThanIfExists", True),
        ("ArnLike", False),
        ("ArnNotLike", True),
        ("IpAddress", False),
        ("NotIpAddress", True),
        ("ForAllValues:StringEquals", True),
        ("ForAllValues:StringNotEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
    ],
)
def test_operators_on_an_absent_key(operator, expected):
    assert holds(operator, "x") is expected


@pytest.mark.parametrize(
    ("wanted", "keys", "expected"),
    [("true", {}, True), ("true", {"k": "v"}, False), ("false", {"k": "v"}, True), ("false", {}, False)],
)
def test_null_asks_whether_the_key_is_there(wanted, keys, expected):
    assert holds("Null", wanted, **keys) is expected


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
@pytest.mark.parametrize(
    ("operator", "given", "expected"),
    [
        ("ForAllValues:StringEquals", ("preprod", "storage"), True),
        ("ForAllValues:StringEquals", ("preprod", "cost-center"), False),
        ("ForAllValues:StringEquals", (), True),
        ("ForAnyValue:StringEquals", ("preprod", "cost-center"), True),
        ("ForAnyValue:StringEquals", ("cost-center",), False),
        ("ForAnyValue:StringEquals", (), False),
        ("ForAllValues:StringNotEquals", ("cost-center",), True),
        ("ForAllValues:StringNotEquals", ("cost-center", "storage"), False),
        ("ForAnyValue:StringNotEquals", ("cost-center", "storage"), True),
        ("ForAnyValue:StringNotEquals", ("preprod", "storage"), False),
        ("ForAnyValue:StringLike", ("prep",), False),
        ("ForAllValues:StringEqualsIfExists", ("preprod",), True),
    ],
)
def test_set_operators(operator, given, expected):
    assert holds(operator, ["preprod", "storage"], key="aws:TagKeys", **{"aws:TagKeys": given}) is expected


def test_all_tests_of_a_block_must_hold():
    block = {"StringEquals": {"a": "1", "b": ["2", "3"]}, "Bool": {"c": "true"}}
    assert allows(statement(Condition=block), a="1", b="3", c="true")
    for keys in ({"a": "1", "b": "4", "c": "true"}, {"a": "1", "b": "3", "c": "false"}, {"a": "1", "b": "3"}):
        assert not allows(statement(Condition=block), **keys)


def test_variables_in_conditions():
    assert holds("StringEquals", "${aws:username}", k="ada", **{"aws:username": "ada"})
    assert holds("StringLike", "home/${aws:username}/*", k="home/ada/x", **{"aws:username": "ada"})
    assert holds("StringEqualsIgnoreCase", "${aws:username}", k="ADA", **{"aws:username": "Ada"})
    assert holds("ArnLike", "arn:aws:iam::*:user/${aws:username}", k=ADA.arn, **{"aws:username": "ada"})
    assert not holds("StringEquals", "${aws:username}", k="ada")


def test_keys_are_matched_without_regard_to_case():
    assert holds("StringEquals", "ada", key="AWS:UserName", **{"aws:username": "ada"})


# -- what a document must look like


def finding(document, kind="identity"):
    from fogbank.identity.policy_grammar import MalformedPolicy

    with pytest.raises(MalformedPolicy) as caught:
        parse(document if isinstance(document, str) else json.dumps(document), kind)
    return caught.value.message


def document(*statements, **elements):
    return {"Version": "2012-10-17", "Statement": list(statements), **elements}


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{", "Syntax errors in policy."),
        ("[]", "Syntax errors in policy."),
        ("[" * 100000, "Syntax errors in policy."),
        ({"Version": "2012-10-17"}, "Syntax errors in policy."),
        (document(), "Syntax errors in policy."),
        (document("x"), "Syntax errors in policy."),
        (document(statement(), Extra=1), "Syntax errors in policy."),
        (document(statement(), Version="2013"), "Syntax errors in policy."),
        (document(statement(Effect="allow")), "Syntax errors in policy."),
        (document({"Action": "*", "Resource": "*"}), "Syntax errors in policy."),
        (document(statement(NotAction="*")), "Syntax errors in policy."),
        (document(statement(Action={"a": 1})), "Syntax errors in policy."),
        (document(statement(Resource=[1])), "Syntax errors in policy."),
        (document({"Effect": "Allow", "Resource": "*"}), "Policy statement must contain actions."),
        (document(statement(Action=[])), "Policy statement must contain actions."),
        (document({"Effect": "Allow", "Action": "*"}), "Policy statement must contain resources."),
        (document(statement(Principal="*")), "Policy document should not specify a principal."),
        (
            document(statement(Action="GetObject")),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (document(statement(Action="ec2:ec2:Run")), "Actions/Condition can contain only one colon."),
        (document(statement(Action="a b:c")), "Vendor a b is not valid"),
        (document(statement(Resource="bucket")), 'Resource bucket must be in ARN format or "*".'),
        (document(statement(Resource="arn:aws:s3")), "The policy failed legacy parsing"),
        (document(statement(Resource="arn:gcp:s3:::b")), 'Partition "gcp" is not valid for resource "arn:gcp:s3:::b".'),
        (
            document(statement(Resource="arn:aws:iam:us-east-1:111122223333:role/x")),
            "IAM resource arn:aws:iam:us-east-1:111122223333:role/x cannot contain region information.",
        ),
        (document(statement(Condition={"StringSame": {"aws:x": "1"}})), "Invalid Condition type : StringSame."),
        (document(statement(Condition={"StringEquals": "x"})), "Syntax errors in policy."),
        (document(statement(Condition={"StringEquals": {"aws:x": {}}})), "Syntax errors in policy."),
        (
            document(statement(Sid="a-b")),
            "Statement IDs (SID) must be alpha-numeric. "
            "Check that your input satisfies the regular expression [0-9A-Za-z]*",
        ),
        (document(statement(Sid="a"), statement(Sid="a")), "Statement IDs (SID) in a single policy must be unique."),
    ],
)
def test_malformed_identity_policies_are_named_in_iams_words(policy, message):
    assert finding(policy) == message


ASSUME = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{", "This policy contains invalid Json"),
        (document(ASSUME | {"Resource": "*"}), "Has prohibited field Resource"),
        (document({"Effect": "Allow", "Action": "sts:AssumeRole"}), "Missing required field Principal"),
        (document({"Effect": "Allow", "Principal": "*"}), "Missing required field Action"),
        (document(ASSUME | {"Action": "s3:GetObject"}), "AssumeRole policy may only specify STS AssumeRole actions."),
        (document(ASSUME | {"Principal": {"AWS": "ada"}}), 'Invalid principal in policy: "AWS":"ada"'),
    ],
)
def test_malformed_trust_policies_are_named_in_iams_words(policy, message):
    assert finding(policy, "trust") == message


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("", "Policies must be valid JSON and the first byte must be '{'"),
        (document(statement()), "Missing required field Principal"),
        (document({"Effect": "Allow", "Principal": "*", "Action": "*"}), "Missing required field Resource"),
        (document({"Principal": "*"}), "Missing required field Effect"),
        (document(statement(Principal="*", Effect="Maybe")), "Invalid effect: Maybe"),
        (document(statement(Principal="*", Effekt="Allow")), "Unknown field Effekt"),
        (document(statement(Principal={"AWS": "nobody"})), "Invalid principal in policy"),
        (document(statement(Principal={"User": "*"})), "Invalid principal in policy"),
        (document(statement(Principal={})), "Invalid policy syntax."),
    ],
)
def test_malformed_resource_policies_are_named_in_s3s_words(policy, message):
    assert finding(policy, "resource") == message


def test_sound_policies_of_each_kind_are_taken():
    parse(
        json.dumps(document(statement(Sid="ok", Condition={"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a"]}}))),
        "identity",
    )
    parse(json.dumps(document(ASSUME)), "trust")
    parse(json.dumps({"Statement": [statement(Principal={"AWS": ["*", "111122223333"]}, Sid="any text")]}), "resource")
