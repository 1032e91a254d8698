"""Policy validation: each finding has a policy that gives cause to it and one that does not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.accessanalyzer.validation import validate
from fogbank.services.accessanalyzer.validation.wording import CODES

READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111122223333"}}
SHARED = {**READ, "Principal": {"AWS": "111122223333"}}
IDENTITY, RESOURCE, CONTROL = "IDENTITY_POLICY", "RESOURCE_POLICY", "SERVICE_CONTROL_POLICY"
ROLE = "AWS::IAM::AssumeRolePolicyDocument"


def document(*statements, **more):
    return {"Version": "2012-10-17", "Statement": list(statements), **more}


def found(value, kind=IDENTITY, resource=""):
    text = value if isinstance(value, str) else json.dumps(value)
    return [each.code for each in validate(text, kind, resource)]


def condition(operator, key, values):
    return {**READ, "Condition": {operator: {key: values}}}


def without(statement, *names):
    return {name: value for name, value in statement.items() if name not in names}


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        (READ, IDENTITY),
        (READ, CONTROL),
        (SHARED, RESOURCE),
        (TRUST, RESOURCE),
        ({**READ, "Action": ["s3:Get*", "s3:List*"], "Resource": "*"}, IDENTITY),
        ({**READ, "Resource": "arn:aws:s3:::home/${aws:username, 'nobody'}/*"}, IDENTITY),
        ({**READ, "Sid": "Read1", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, IDENTITY),
        ({**READ, "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}}}, IDENTITY),
        ({**READ, "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}}, IDENTITY),
        ({**READ, "Condition": {"StringEquals": {"s3:ExistingObjectTag/team": "blue"}}}, IDENTITY),
        ({**READ, "Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/app-*"}, IDENTITY),
        (
            {
                **READ,
                "Action": "iam:PassRole",
                "Resource": "*",
                "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
            },
            IDENTITY,
        ),
    ],
)
def test_a_sound_policy_gives_no_cause_to_anything(statement, kind):
    assert found(document(statement), kind) == []


PASS = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
LINK = {"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "*"}
STAR = {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}
BUT = {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}
NOT_ON = {"NotResource": "arn:aws:iam::111122223333:role/x"}

# code, policy, and where it matters its type and what it is for
CAUSES = [
    ("JSON_SYNTAX_ERROR", '{"Version": "2012-10-17",}'),
    ("JSON_SYNTAX_ERROR", "[" * 5000),
    ("DATA_TYPE_MISMATCH", []),
    ("DATA_TYPE_MISMATCH", document("x")),
    ("DATA_TYPE_MISMATCH", document({**READ, "Sid": 1})),
    ("DATA_TYPE_MISMATCH", document({**READ, "Action": [1]})),
    ("DATA_TYPE_MISMATCH", document({**READ, "Condition": []})),
    ("DATA_TYPE_MISMATCH", document({**READ, "Condition": {"Bool": {"aws:SecureTransport": {}}}})),
    ("INVALID_POLICY_ELEMENT", document(READ, Comment="x")),
    ("INVALID_POLICY_ELEMENT", document({**READ, "Actions": "x"})),
    ("MISSING_VERSION", {"Statement": [READ]}),
    ("INVALID_VERSION", document(READ, Version="2020-01-01")),
    ("MISSING_STATEMENT", {"Version": "2012-10-17"}),
    ("MISSING_STATEMENT", document()),
    ("MISSING_EFFECT", document(without(READ, "Effect"))),
    ("INVALID_EFFECT", document({**READ, "Effect": "allow"})),
    ("MISSING_ACTION", document(without(READ, "Action"))),
    ("MISSING_RESOURCE", document(without(READ, "Resource"))),
    ("MISSING_PRINCIPAL", document(READ), RESOURCE),
    ("UNSUPPORTED_PRINCIPAL", document(SHARED)),
    ("SCP_SYNTAX_ERROR_PRINCIPAL", document(SHARED), CONTROL),
    ("UNSUPPORTED_ELEMENT_COMBINATION", document({**READ, "NotAction": "s3:PutObject"})),
    ("ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", document({**TRUST, "Resource": "*"}), RESOURCE, ROLE),
    (
        "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL",
        document({**without(TRUST, "Principal"), "NotPrincipal": {"AWS": "111122223333"}}),
        RESOURCE,
        ROLE,
    ),
    ("UNSUPPORTED_SID", document({**READ, "Sid": "read it"})),
    ("EMPTY_SID_VALUE", document({**READ, "Sid": ""})),
    ("UNIQUE_SIDS_REQUIRED", document({**READ, "Sid": "a"}, {**READ, "Sid": "a", "Effect": "Deny"})),
    ("UNIQUE_SIDS_RECOMMENDED", document({**SHARED, "Sid": "a"}, {**SHARED, "Sid": "a", "Effect": "Deny"}), RESOURCE),
    ("EMPTY_ARRAY_ACTION", document({**READ, "Action": []})),
    ("EMPTY_ARRAY_RESOURCE", document({**READ, "Resource": []})),
    ("EMPTY_ARRAY_PRINCIPAL", document({**READ, "Principal": {"AWS": []}}), RESOURCE),
    ("EMPTY_OBJECT_PRINCIPAL", document({**READ, "Principal": {}}), RESOURCE),
    ("EMPTY_OBJECT_CONDITION", document({**READ, "Condition": {}})),
    ("EMPTY_OBJECT_CONDITION", document({**READ, "Condition": {"Bool": {}}})),
    (
        "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA",
        document({**READ, "Resource": [f"arn:aws:s3:::bucket-{number}/*" for number in range(300)]}),
    ),
    (
        "POLICY_SIZE_EXCEEDS_SCP_QUOTA",
        document({**READ, "Resource": [f"arn:aws:s3:::bucket-{number}/*" for number in range(300)]}),
        CONTROL,
    ),
    # principals
    ("INVALID_PRINCIPAL_FORMAT", document({**READ, "Principal": "111122223333"}), RESOURCE),
    ("INVALID_PRINCIPAL_KEY", document({**READ, "Principal": {"Aws": "111122223333"}}), RESOURCE),
    (
        "UNSUPPORTED_WILDCARD_IN_PRINCIPAL",
        document({**READ, "Principal": {"AWS": "arn:aws:iam::111122223333:user/*"}}),
        RESOURCE,
    ),
    ("UNSUPPORTED_WILDCARD_IN_PRINCIPAL", document({**READ, "Principal": {"Service": "*"}}), RESOURCE),
    ("INVALID_ROLE_REFERENCE", document({**READ, "Principal": {"AWS": "AROAEXAMPLEEXAMPLE1234"}}), RESOURCE),
    ("INVALID_USER_REFERENCE", document({**READ, "Principal": {"AWS": "AIDAEXAMPLEEXAMPLE1234"}}), RESOURCE),
    ("INVALID_SERVICE_PRINCIPAL_FORMAT", document({**TRUST, "Principal": {"Service": "ec2"}}), RESOURCE),
    ("ALLOW_WITH_NOT_PRINCIPAL", document({**READ, "NotPrincipal": {"AWS": "111122223333"}}), RESOURCE),
    (
        "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL",
        document({**READ, "Principal": {"Service": "sns.amazonaws.com"}}),
        RESOURCE,
    ),
    (
        "MISMATCHED_ACTION_FOR_PRINCIPAL",
        document({**TRUST, "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/x"}}),
        RESOURCE,
    ),
    ("MISMATCHED_ACTION_FOR_PRINCIPAL", document({**TRUST, "Action": "sts:AssumeRoleWithSAML"}), RESOURCE),
    # actions and resources
    ("INVALID_ACTION", document({**READ, "Action": "s3:GetObjekt"})),
    ("INVALID_ACTION", document({**READ, "Action": "GetObject"})),
    ("INVALID_ACTION", document({**READ, "Action": "s3:Nothing*"})),
    ("INVALID_SERVICE_IN_ACTION", document({**READ, "Action": "s33:GetObject"})),
    ("REDUNDANT_ACTION", document({**READ, "Action": ["s3:Get*", "s3:getobject"]})),
    ("REDUNDANT_ACTION", document({**READ, "Action": ["s3:GetObject", "s3:GetObject"]})),
    ("INVALID_ARN_PREFIX", document({**READ, "Resource": "bucket/*"})),
    ("MISSING_ARN_FIELD", document({**READ, "Resource": "arn:aws:s3"})),
    ("INVALID_PARTITION", document({**READ, "Resource": "arn:amazon:s3:::bucket"})),
    ("INVALID_SERVICE", document({**READ, "Resource": "arn:aws:s33:::bucket"})),
    ("INVALID_ARN_SERVICE_CASE", document({**READ, "Resource": "arn:aws:S3:::bucket"})),
    ("WILDCARD_IN_SERVICE_NAME", document({**READ, "Resource": "arn:aws:s*:::bucket"})),
    ("INVALID_ARN_ACCOUNT", document({**READ, "Resource": "arn:aws:sqs:us-east-1:1234:queue"})),
    ("ARN_ACCOUNT_NOT_ALLOWED", document({**READ, "Resource": "arn:aws:s3::111122223333:bucket"})),
    ("ARN_REGION_NOT_ALLOWED", document({**READ, "Resource": "arn:aws:iam:us-east-1:111122223333:user/x"})),
    ("MISSING_ARN_REGION", document({**READ, "Resource": "arn:aws:sqs::111122223333:queue"})),
    ("INVALID_ARN_REGION", document({**READ, "Resource": "arn:aws:sqs:us-east-9:111122223333:queue"})),
    ("INVALID_ARN_RESOURCE", document({**READ, "Resource": "arn:aws:iam::111122223333:usr/x"})),
    ("REDUNDANT_RESOURCE", document({**READ, "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::a/b"]})),
    ("REDUNDANT_STATEMENT", document(READ, {**READ, "Sid": "again"})),
    # conditions
    ("INVALID_CONDITION_OPERATOR", document(condition("StringIs", "aws:username", "x"))),
    ("NULL_WITH_IF_EXISTS", document(condition("NullIfExists", "aws:username", "true"))),
    ("NULL_WITH_QUALIFIER", document(condition("ForAnyValue:Null", "aws:TagKeys", "true"))),
    ("INVALID_CONDITION_KEY_FORMAT", document(condition("StringEquals", "username", "x"))),
    ("UNSUPPORTED_GLOBAL_CONDITION_KEY", document(condition("ArnEquals", "aws:ARN", "x"))),
    ("INVALID_GLOBAL_CONDITION_KEY", document(condition("StringEquals", "aws:user", "x"))),
    ("INVALID_SERVICE_CONDITION_KEY", document(condition("StringEquals", "s3:nothing", "x"))),
    ("INVALID_SERVICE", document(condition("StringEquals", "s33:prefix", "x"))),
    (
        "DUPLICATE_KEYS_WITH_DIFFERENT_CASE",
        document({**READ, "Condition": {"StringEquals": {"aws:username": "a", "aws:UserName": "b"}}}),
    ),
    ("TYPE_MISMATCH", document(condition("StringEquals", "aws:MultiFactorAuthPresent", "true"))),
    ("TYPE_MISMATCH_BOOLEAN", document(condition("Bool", "aws:SecureTransport", "yes"))),
    ("TYPE_MISMATCH_NUMBER", document(condition("NumericLessThan", "aws:MultiFactorAuthAge", "an hour"))),
    ("TYPE_MISMATCH_DATE", document(condition("DateLessThan", "aws:CurrentTime", "tomorrow"))),
    ("TYPE_MISMATCH_IP_RANGE", document(condition("IpAddress", "aws:SourceIp", "home"))),
    ("TYPE_MISMATCH_STRING", document(condition("BinaryEquals", "accounts.google.com:aud", "?"))),
    ("INVALID_DATE_VALUE", document(condition("DateLessThan", "aws:CurrentTime", "1700000000"))),
    ("IMPROVE_IP_RANGE", document(condition("IpAddress", "aws:SourceIp", "203.0.113.7/24"))),
    ("PRIVATE_IP_ADDRESS", document(condition("IpAddress", "aws:SourceIp", "10.0.0.0/8"))),
    ("PRIVATE_IP_ADDRESS_SUBSET", document(condition("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "8.8.8.0/24"]))),
    ("PRIVATE_NOT_IP_ADDRESS", document(condition("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"))),
    (
        "PRIVATE_NOT_IP_ADDRESS_SUBSET",
        document(condition("NotIpAddress", "aws:SourceIp", ["10.0.0.0/8", "8.8.8.0/24"])),
    ),
    ("WILDCARD_WITHOUT_LIKE_OPERATOR", document(condition("StringEquals", "aws:username", "a*"))),
    ("EMPTY_ARRAY_CONDITION", document(condition("StringEquals", "aws:username", []))),
    ("EMPTY_ARRAY_CONDITION_FORALLVALUES", document(condition("ForAllValues:StringEquals", "aws:TagKeys", []))),
    ("EMPTY_ARRAY_CONDITION_FORANYVALUE", document(condition("ForAnyValue:StringEquals", "aws:TagKeys", []))),
    ("EMPTY_ARRAY_CONDITION_IFEXISTS", document(condition("StringEqualsIfExists", "aws:username", []))),
    ("INVALID_CONDITION_DATA_TYPE", document(condition("StringEquals", "aws:username", ["a", 1]))),
    ("INVALID_CONDITION_MULTIPLE_BOOLEAN", document(condition("Bool", "aws:SecureTransport", ["true", "false"]))),
    ("MISSING_QUALIFIER", document(condition("StringEquals", "aws:TagKeys", "a"))),
    ("FORALLVALUES_WITH_SINGLE_VALUED_KEY", document(condition("ForAllValues:StringEquals", "aws:username", "a"))),
    (
        "REDUNDANT_CONDITION_VALUE_NUM",
        document(condition("NumericLessThan", "aws:MultiFactorAuthAge", ["2700", "3600"])),
    ),
    ("INVALID_REGION", document(condition("StringEquals", "aws:RequestedRegion", "us-east-9"))),
    ("UNSUPPORTED_ACTION_FOR_CONDITION_KEY", document(condition("StringEquals", "s3:prefix", "a"))),
    # variables
    ("MISSING_BRACE_IN_VARIABLE", document({**READ, "Resource": "arn:aws:s3:::home/${aws:username"})),
    ("EMPTY_VARIABLE", document({**READ, "Resource": "arn:aws:s3:::home/${ }"})),
    ("MISSING_QUOTE_IN_VARIABLE", document({**READ, "Resource": "arn:aws:s3:::home/${aws:username, nobody}"})),
    ("UNSUPPORTED_SPACE_IN_VARIABLE", document({**READ, "Resource": "arn:aws:s3:::home/${aws: username}"})),
    ("UNSUPPORTED_SYMBOL_IN_VARIABLE", document({**READ, "Resource": "arn:aws:s3:::home/${aws:user#name}"})),
    ("VARIABLE_UNSUPPORTED_IN_ELEMENT", document({**READ, "Action": ["s3:GetObject", "s3:Get${aws:username}"]})),
    (
        "VARIABLE_UNSUPPORTED_IN_VERSION",
        document({**READ, "Resource": "arn:aws:s3:::home/${aws:username}"}, Version="2008-10-17"),
    ),
    ("INVALID_VARIABLE_FOR_OPERATOR", document(condition("Bool", "aws:SecureTransport", "${aws:username}"))),
    # powers
    ("PASS_ROLE_WITH_STAR_IN_RESOURCE", document(PASS)),
    ("PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", document(STAR)),
    ("PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION", document(BUT)),
    ("PASS_ROLE_WITH_NOT_RESOURCE", document({**without(PASS, "Resource"), **NOT_ON})),
    ("PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE", document({**without(STAR, "Resource"), **NOT_ON})),
    ("PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE", document({**without(BUT, "Resource"), **NOT_ON})),
    ("CREATE_SLR_WITH_STAR_IN_RESOURCE", document(LINK)),
    ("CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE", document(STAR)),
    ("CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION", document(BUT)),
    ("CREATE_SLR_WITH_NOT_RESOURCE", document({**without(LINK, "Resource"), **NOT_ON})),
    ("CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE", document({**without(STAR, "Resource"), **NOT_ON})),
    ("CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE", document({**without(BUT, "Resource"), **NOT_ON})),
]


@pytest.mark.parametrize("cause", CAUSES, ids=[cause[0] for cause in CAUSES])
def test_a_finding_has_its_cause(cause):
    code, policy, *more = cause
    assert code in found(policy, *more)


def test_every_finding_has_a_cause_here():
    assert {cause[0] for cause in CAUSES} == CODES


def test_what_a_policy_may_grant_is_no_warning_about_what_it_denies():
    assert found(document({**STAR, "Effect": "Deny"})) == []


@given(
    st.text(max_size=40)
    | st.recursive(
        st.none() | st.integers() | st.text(),
        lambda v: (
            st.lists(v)
            | st.dictionaries(st.sampled_from(["Statement", "Effect", "Action", "Condition", "Principal", "Sid"]), v)
        ),
    ).map(json.dumps)
)
def test_anything_may_be_asked_about(text):
    for kind in (IDENTITY, RESOURCE, CONTROL):
        for each in validate(text, kind):
            assert each.details
            assert all(0 <= spot.start <= spot.end <= len(text) for spot in each.spots)


# -- over the wire


@pytest.fixture
def validated(analyzer_client):
    def validated(text, kind=IDENTITY, **params):
        return analyzer_client.validate_policy(policyDocument=text, policyType=kind, **params)["findings"]

    return validated


def test_findings_point_at_what_they_are_about(validated):
    """The example of the AWS CLI's page on validate-policy."""
    text = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "",
            "Effect": "Allow",
            "Principal": {
                "Federated": "cognito-identity.amazonaws.com"
            },
            "Action": [
                "sts:AssumeRole",
                "sts:TagSession"
            ],
            "Condition": {
                "StringEquals": {
                    "cognito-identity.amazonaws.com:aud": "us-west-2_EXAMPLE"
                }
            }
        }
    ]
}"""
    findings = {each["issueCode"]: each for each in validated(text, RESOURCE)}
    assert next(iter(findings)) == "EMPTY_SID_VALUE"
    sid = findings["EMPTY_SID_VALUE"]
    assert sid["findingType"] == "SUGGESTION"
    assert sid["learnMoreLink"].endswith("#access-analyzer-reference-policy-checks-suggestion-empty-sid-value")
    assert sid["locations"] == [
        {
            "path": [{"value": "Statement"}, {"index": 0}, {"value": "Sid"}],
            "span": {
                "start": {"line": 5, "column": 19, "offset": 79},
                "end": {"line": 5, "column": 21, "offset": 81},
            },
        }
    ]
    mismatch = findings["MISMATCHED_ACTION_FOR_PRINCIPAL"]
    assert mismatch["findingDetails"].startswith(
        "The sts:AssumeRole action is invalid with the following principal(s): cognito-identity.amazonaws.com."
    )
    paths = [location["path"] for location in mismatch["locations"]]
    statement = [{"value": "Statement"}, {"index": 0}]
    assert paths == [
        [*statement, {"value": "Action"}, {"index": 0}],
        [*statement, {"value": "Principal"}, {"value": "Federated"}],
    ]
    deaf = findings["UNSUPPORTED_ACTION_FOR_CONDITION_KEY"]
    assert "sts:TagSession" in deaf["findingDetails"]
    assert deaf["locations"][-1]["path"][-1] == {"value": "cognito-identity.amazonaws.com:aud"}


def test_a_part_of_a_string_is_pointed_at(validated):
    (finding,) = validated(json.dumps(document({**READ, "Resource": "arn:aws:S3:::bucket"})))
    assert finding["locations"][0]["path"][-1] == {"substring": {"start": 8, "length": 2}}


def test_a_likely_name_is_proposed(validated):
    (finding,) = validated(json.dumps(document({**READ, "Action": "s3:GetObjekt"})))
    assert finding["findingDetails"] == "The action s3:GetObjekt does not exist. Did you mean s3:GetObject?"
    assert finding["findingType"] == "ERROR"


def test_pages_of_findings_add_up(analyzer_client, validated):
    text = json.dumps(document({"Effect": "Allow"}, {"Sid": ""}))
    pages = analyzer_client.get_paginator("validate_policy").paginate(
        policyDocument=text, policyType=IDENTITY, PaginationConfig={"PageSize": 2}
    )
    paged = [each["issueCode"] for page in pages for each in page["findings"]]
    assert paged == [each["issueCode"] for each in validated(text)]
    assert len(paged) > 2


def test_a_token_of_others_is_refused(analyzer_client, refused):
    with refused("ValidationException", "nextToken"):
        analyzer_client.validate_policy(policyDocument="{}", policyType=IDENTITY, nextToken="garbage")


def test_only_resource_policies_are_for_a_resource(analyzer_client, refused):
    with refused("ValidationException", "RESOURCE_POLICY"):
        analyzer_client.validate_policy(
            policyDocument="{}", policyType=IDENTITY, validatePolicyResourceType="AWS::S3::Bucket"
        )
