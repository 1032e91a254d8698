"""AWS's evaluation logic: the documentation's own examples, and the algebra of it."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fogbank.http import Payload, Request
from fogbank.identity.condition_keys import ConditionKeys, Situation, request_tags
from fogbank.identity.decision import EVERYTHING, Guard, Powers
from fogbank.identity.decision import decide as evaluate
from fogbank.identity.directory import Guardrails
from fogbank.identity.policy import Access, Policy
from fogbank.identity.principals import ANONYMOUS, Principal, Session, root, service_principal

HERE = "111122223333"
THERE = "444455556666"
QUEUE = f"arn:aws:sqs:us-east-1:{HERE}:q"


def user(name, account=HERE):
    return Principal(account, f"arn:aws:iam::{account}:user/{name}", "user", f"AIDA{name.upper()}", name=name)


def policy(*statements):
    return Policy({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action="*", resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action="*", resource="*", **more):
    return allow(action, resource, **more) | {"Effect": "Deny"}


def powers(principal, identity=(), boundary=None, session=None, scps=()):
    return Powers(
        EVERYTHING if principal.kind == "root" else policy(*identity),
        None if boundary is None else policy(*boundary),
        None if session is None else policy(*session),
        tuple(policy(*level) for level in scps),
    )


def decide(
    principal,
    identity=(),
    resource=None,
    owner=HERE,
    action="sqs:SendMessage",
    arn=QUEUE,
    keys=None,
    sovereign=False,
    trust=False,
    rcps=(),
    **limits,
):
    attached = policy(*resource) if resource else None
    guard = Guard(owner, attached, sovereign, trust, tuple(policy(*level) for level in rcps))
    return evaluate(Access(principal, action, arn, keys or {}), powers(principal, identity, **limits), guard)


ADA = user("ada")
STRANGER = user("sam", THERE)
SNS = service_principal("sns", HERE)
EVE = Principal(
    HERE,
    f"arn:aws:sts::{HERE}:federated-user/eve",
    "federated",
    f"{HERE}:eve",
    issuer=ADA.arn,
    session=Session(0.0, ()),
)
ROLE = Principal(HERE, f"arn:aws:sts::{HERE}:assumed-role/r/s", "role", "AROA:s", issuer=f"arn:aws:iam::{HERE}:role/r")


@pytest.mark.parametrize(
    ("principal", "identity", "resource", "allowed", "reason", "source"),
    [
        # default deny, and root
        (ADA, [], None, False, "implicit deny", "identity-based"),
        (root(HERE), [], None, True, "root", ""),
        (ANONYMOUS, [], None, False, "implicit deny", "resource-based"),
        # either side within an account
        (ADA, [allow()], None, True, "identity", ""),
        (ADA, [], [allow(Principal={"AWS": ADA.arn})], True, "resource", ""),
        (ADA, [], [allow(Principal="*")], True, "resource", ""),
        (ADA, [], [allow(Principal={"AWS": HERE})], False, "implicit deny", "identity-based"),
        (ADA, [allow()], [allow(Principal={"AWS": HERE})], True, "identity", ""),
        (ROLE, [], [allow(Principal={"AWS": ROLE.issuer})], True, "resource", ""),
        (ROLE, [], [allow(Principal={"AWS": ROLE.arn})], True, "resource", ""),
        # an explicit deny anywhere
        (ADA, [allow(), deny("sqs:Send*")], None, False, "explicit deny", "identity-based"),
        (ADA, [allow()], [deny(Principal="*")], False, "explicit deny", "resource-based"),
        (ADA, [deny()], [allow(Principal={"AWS": ADA.arn})], False, "explicit deny", "identity-based"),
        (root(HERE), [], [deny(Principal="*")], False, "explicit deny", "resource-based"),
        # both sides between accounts
        (STRANGER, [allow()], None, False, "implicit deny", "resource-based"),
        (STRANGER, [], [allow(Principal={"AWS": STRANGER.arn})], False, "implicit deny", "identity-based"),
        (STRANGER, [allow()], [allow(Principal={"AWS": STRANGER.arn})], True, "identity", ""),
        (STRANGER, [allow()], [allow(Principal={"AWS": THERE})], True, "identity", ""),
        (root(THERE), [], [allow(Principal={"AWS": THERE})], True, "root", ""),
        (root(THERE), [], None, False, "implicit deny", "resource-based"),
        # strangers and services have only the resource's policy
        (ANONYMOUS, [], [allow(Principal="*")], True, "resource", ""),
        (ANONYMOUS, [], [allow(Principal={"AWS": HERE})], False, "implicit deny", "resource-based"),
        (SNS, [], [allow(Principal={"Service": "sns.amazonaws.com"})], True, "resource", ""),
        (SNS, [], [allow(Principal={"AWS": HERE})], False, "implicit deny", "resource-based"),
    ],
)
def test_the_rules(principal, identity, resource, allowed, reason, source):
    decision = decide(principal, identity, resource)
    assert (decision.allowed, decision.reason) == (allowed, reason)
    assert decision.source == (f"{source.removesuffix('-based')}" or None)


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
CARLOS = user("carlossalazar", HERE)
CARLOS_IDENTITY = [
    allow(["s3:GetBucketLocation", "s3:ListAllMyBuckets"], "arn:aws:s3:::*", Sid="AllowS3ListRead"),
    allow(
        "s3:*",
        ["arn:aws:s3:::amzn-s3-demo-bucket-carlossalazar/*", "arn:aws:s3:::amzn-s3-demo-bucket-carlossalazar"],
        Sid="AllowS3Self",
    ),
    deny("s3:*", "arn:aws:s3:::*log*", Sid="DenyS3Logs"),
]
CARLOS_BUCKET = [
    allow(
        "s3:*",
        [
            "arn:aws:s3:::amzn-s3-demo-bucket-carlossalazar-logs/*",
            "arn:aws:s3:::amzn-s3-demo-bucket-carlossalazar-logs",
        ],
        Principal={"AWS": f"arn:aws:iam::{HERE}:user/carlossalazar"},
    )
]


@pytest.mark.parametrize(
    ("action", "arn", "resource", "allowed"),
    [
        ("s3:ListAllMyBuckets", "arn:aws:s3:::any", None, True),
        ("s3:PutObject", "arn:aws:s3:::amzn-s3-demo-bucket-carlossalazar/x", None, True),
        ("s3:PutObject", "arn:aws:s3:::amzn-s3-demo-bucket-other/x", None, False),
        ("s3:PutObject", "arn:aws:s3:::amzn-s3-demo-bucket-carlossalazar-logs/x", CARLOS_BUCKET, False),
        ("s3:PutObject", "arn:aws:s3:::amzn-s3-demo-bucket-carlossalazar/log.txt", None, False),
    ],
)
def test_the_documented_example_within_an_account(action, arn, resource, allowed):
    assert decide(CARLOS, CARLOS_IDENTITY, resource, action=action, arn=arn).allowed is allowed


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
CROSS_IDENTITY = [
    allow("s3:ListAllMyBuckets", "arn:aws:s3:::*", Sid="AllowS3ListRead"),
    allow("s3:*Object*", "arn:aws:s3:::amzn-s3-demo-bucket-production/*", Sid="AllowS3ProductionObjectActions"),
    deny("s3:*", ["arn:aws:s3:::*log*", "arn:aws:s3:::*log*/*"], Sid="DenyS3Logs"),
]
CROSS_BUCKET = [
    allow(
        ["s3:GetObject*", "s3:PutObject*", "s3:ReplicateObject", "s3:RestoreObject"],
        "arn:aws:s3:::amzn-s3-demo-bucket-production/*",
        Principal={"AWS": f"arn:aws:iam::{HERE}:user/carlossalazar"},
    )
]


@pytest.mark.parametrize(
    ("principal", "action", "arn", "allowed"),
    [
        (CARLOS, "s3:PutObject", "arn:aws:s3:::amzn-s3-demo-bucket-production/x", True),
        (CARLOS, "s3:DeleteObject", "arn:aws:s3:::amzn-s3-demo-bucket-production/x", False),
        (CARLOS, "s3:GetObject", "arn:aws:s3:::amzn-s3-demo-bucket-production/log", False),
        (CARLOS, "s3:ListBucket", "arn:aws:s3:::amzn-s3-demo-bucket-production", False),
        (user("mary"), "s3:PutObject", "arn:aws:s3:::amzn-s3-demo-bucket-production/x", False),
    ],
)
def test_the_documented_example_between_accounts(principal, action, arn, allowed):
    assert decide(principal, CROSS_IDENTITY, CROSS_BUCKET, owner=THERE, action=action, arn=arn).allowed is allowed


# -- what limits a principal, and what gets round it


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html, the table
# "Resource-based policies and implicit denies in other policy types (same account)"
@pytest.mark.parametrize(
    ("principal", "named", "identity", "boundary", "session", "allowed"),
    [
        # a user that is named needs nothing else
        (ADA, ADA.arn, False, False, None, True),
        (ADA, "*", False, False, None, True),
        (ADA, HERE, False, True, None, False),
        (ADA, HERE, True, False, None, False),
        (ADA, HERE, True, True, None, True),
        # a role that is named is limited by boundary and session, not by its policies
        (ROLE, ROLE.issuer, False, None, None, True),
        (ROLE, ROLE.issuer, False, False, None, False),
        (ROLE, ROLE.issuer, False, None, False, False),
        (ROLE, ROLE.issuer, False, True, True, True),
        # a session that is named, by nothing
        (ROLE, ROLE.arn, False, False, False, True),
        (ROLE, "*", False, False, False, True),
        (ROLE, HERE, True, True, False, False),
        # likewise for federation tokens, behind which there is a user
        (EVE, EVE.arn, False, False, False, True),
        (EVE, ADA.arn, False, None, True, True),
        (EVE, ADA.arn, False, False, True, False),
        (EVE, ADA.arn, False, None, False, False),
        (EVE, HERE, True, None, True, True),
        (EVE, HERE, False, None, True, False),
    ],
)
def test_the_documented_table_of_implicit_denies(principal, named, identity, boundary, session, allowed):
    def granting(yes):
        return None if yes is None else [allow()] if yes else [allow("s3:*")]

    decision = decide(
        principal,
        granting(identity),
        [allow(Principal={"AWS": named})],
        boundary=granting(boundary),
        session=granting(session),
    )
    assert decision.allowed is allowed


@pytest.mark.parametrize("limit", ["boundary", "session"])
def test_what_limits_a_principal_gives_it_nothing(limit):
    assert not decide(ROLE, [], **{limit: [allow()]}).allowed
    assert decide(ROLE, [allow()], **{limit: [allow()]}).allowed


@pytest.mark.parametrize(
    ("limits", "source"),
    [
        ({"boundary": [deny()]}, "boundary"),
        ({"session": [deny()]}, "session"),
        ({"scps": [[allow()], [deny()]]}, "service control"),
        ({"rcps": [[allow(Principal="*")], [deny(Principal="*")]]}, "resource control"),
    ],
)
def test_an_explicit_deny_in_any_limit_is_final(limits, source):
    decision = decide(ROLE, [allow()], [allow(Principal={"AWS": ROLE.arn})], **limits)
    assert (decision.allowed, decision.reason, decision.source) == (False, "explicit deny", source)


def test_every_level_of_an_organization_has_to_allow():
    levels = [[allow()], [allow("sqs:*"), allow("s3:*")], [allow("s3:*")]]
    assert decide(ADA, [allow()], scps=levels).source == "service control"
    assert decide(root(HERE), scps=levels).source == "service control"
    assert decide(ADA, [allow()], [allow(Principal={"AWS": ADA.arn})], scps=levels).source == "service control"
    assert decide(ADA, [allow()], scps=levels[:2]).allowed


def test_resource_control_binds_everyone_who_comes():
    open_to_all = [allow(Principal="*")]
    for principal in (ADA, STRANGER, ANONYMOUS, SNS, root(HERE)):
        decision = decide(principal, [allow()], open_to_all, rcps=[[allow("s3:*", Principal="*")]])
        assert decision.source == "resource control"
        assert decide(principal, [allow()], open_to_all, rcps=[[allow(Principal="*")]]).allowed


# https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
@pytest.mark.parametrize(
    ("principal", "identity", "resource", "allowed"),
    [
        (ADA, [allow()], [allow(Principal={"AWS": "111122223333"})], True),
        (ADA, [allow()], [allow(Principal={"AWS": ROLE.issuer})], False),
        (ADA, [], [allow(Principal={"AWS": ADA.arn})], True),
        (root(HERE), [], [allow(Principal={"AWS": ADA.arn})], False),
        (root(HERE), [], [allow(Principal={"AWS": HERE})], True),
    ],
)
def test_the_policy_of_a_key_decides_whether_others_count(principal, identity, resource, allowed):
    assert decide(principal, identity, resource, sovereign=True).allowed is allowed


# -- what the refused are told


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        (
            decide(root(THERE)),
            f"User: arn:aws:iam::{THERE}:root is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
            "because no resource-based policy allows the sqs:SendMessage action",
        ),
        (
            decide(ADA),
            f"User: {ADA.arn} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
            "because no identity-based policy allows the sqs:SendMessage action",
        ),
        (
            decide(ADA, [deny()]),
            f"User: {ADA.arn} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
            "with an explicit deny in an identity-based policy",
        ),
        (
            decide(ADA, [], [deny(Principal="*")]),
            f"User: {ADA.arn} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
            "with an explicit deny in a resource-based policy",
        ),
        (
            decide(ADA, [allow()], boundary=[]),
            f"User: {ADA.arn} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
            "because no permissions boundary allows the sqs:SendMessage action",
        ),
        (
            decide(ADA, [allow()], boundary=[deny()]),
            f"User: {ADA.arn} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
            "with an explicit deny in a permissions boundary",
        ),
        (
            decide(ROLE, [allow()], session=[]),
            f"User: {ROLE.arn} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
            "because no session policy allows the sqs:SendMessage action",
        ),
        (
            decide(ROLE, [allow()], scps=[[]]),
            f"User: {ROLE.arn} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
            "because no service control policy allows the sqs:SendMessage action",
        ),
        (
            decide(ROLE, [allow()], scps=[[allow(), deny()]]),
            f"User: {ROLE.arn} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
            "with an explicit deny in a service control policy",
        ),
        (
            decide(ROLE, [allow()], rcps=[[deny(Principal="*")]]),
            f"User: {ROLE.arn} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
            "with an explicit deny in a resource control policy",
        ),
        (
            decide(
                ADA,
                [allow()],
                [allow(Principal=ROLE.issuer)],
                action="sts:AssumeRole",
                arn=ROLE.issuer,
                trust=True,
                sovereign=True,
            ),
            f"User: {ADA.arn} is not authorized to perform: sts:AssumeRole on resource: {ROLE.issuer} "
            "because no role trust policy allows the sts:AssumeRole action",
        ),
        (
            decide(ADA, [allow()], [deny(Principal="*")], action="sts:AssumeRole", arn=ROLE.issuer, trust=True),
            f"User: {ADA.arn} is not authorized to perform: sts:AssumeRole on resource: {ROLE.issuer} "
            "with an explicit deny in the role trust policy",
        ),
        (
            decide(ADA, action="sqs:ListQueues", arn="*"),
            f"User: {ADA.arn} is not authorized to perform: sqs:ListQueues "
            "because no identity-based policy allows the sqs:ListQueues action",
        ),
    ],
)
def test_messages_name_caller_action_resource_and_cause(decision, message):
    assert decision.message == message


@pytest.mark.parametrize(
    ("service", "protocol", "code", "status"),
    [
        ("dynamodb", "json", "AccessDeniedException", 400),
        ("lambda", "rest-json", "AccessDeniedException", 403),
        ("sqs", "json", "AccessDenied", 403),
        ("sqs", "query", "AccessDenied", 403),
        ("sns", "query", "AuthorizationError", 403),
        ("ec2", "ec2", "UnauthorizedOperation", 403),
        ("s3", "rest-xml", "AccessDenied", 403),
    ],
)
def test_each_service_has_its_code(service, protocol, code, status):
    error = decide(ADA).error(service, protocol, True)
    assert (error.code, error.status) == (code, status)
    assert ADA.arn in error.message


def test_s3_quotes_the_resource_and_tells_strangers_nothing():
    assert f'on resource: "{QUEUE}" because' in decide(ADA).error("s3", "rest-xml", True).message
    for stranger in (STRANGER, ANONYMOUS):
        assert decide(stranger).error("s3", "rest-xml", False).message == "Access Denied"


# -- condition keys


REQUEST = Request("POST", "/", "", {"user-agent": "aws-cli", "referer": "http://x/"}, Payload(), "https", "203.0.113.7")


ORGANIZED = Guardrails("o-exampleorgid", "o-exampleorgid/r-ab12/ou-ab12-11111111/")
SESSION = Session(
    1577836000.0,
    mfa=1577836700.0,
    tags={"Team": "red"},
    source_identity="ada",
    provider="accounts.google.com",
    keys={"accounts.google.com:sub": "1234"},
)
VIA = {"aws:CalledVia": ("athena.amazonaws.com", "s3.amazonaws.com"), "kms:ViaService": "s3.eu-west-1.amazonaws.com"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("aws:principalarn", ROLE.issuer),
        ("aws:principalaccount", HERE),
        ("aws:principaltype", "AssumedRole"),
        ("aws:principalisawsservice", "false"),
        ("aws:principalorgid", "o-exampleorgid"),
        ("aws:principalorgpaths", ("o-exampleorgid/r-ab12/ou-ab12-11111111/",)),
        ("aws:principaltag/team", "red"),
        ("aws:principaltag/stage", "test"),
        ("aws:userid", "AROA:s"),
        ("aws:sourceip", "203.0.113.7"),
        ("aws:securetransport", "true"),
        ("aws:currenttime", "2020-01-01T00:00:00Z"),
        ("aws:epochtime", "1577836800"),
        ("aws:requestedregion", "eu-west-1"),
        ("aws:useragent", "aws-cli"),
        ("aws:referer", "http://x/"),
        ("aws:tokenissuetime", "2019-12-31T23:46:40Z"),
        ("aws:multifactorauthpresent", "true"),
        ("aws:multifactorauthage", "100"),
        ("aws:sourceidentity", "ada"),
        ("aws:federatedprovider", "accounts.google.com"),
        ("accounts.google.com:sub", "1234"),
        ("aws:resourceaccount", THERE),
        ("aws:resourceorgid", "o-other"),
        ("aws:resourceorgpaths", ("o-other/r-cd34/",)),
        ("aws:resourcetag/owner", "eve"),
        ("ec2:resourcetag/owner", "eve"),
        ("aws:requesttag/cost", "42"),
        ("aws:tagkeys", ("Cost", "Empty")),
        ("aws:calledvia", ("athena.amazonaws.com", "s3.amazonaws.com")),
        ("aws:calledviafirst", "athena.amazonaws.com"),
        ("aws:calledvialast", "s3.amazonaws.com"),
        ("aws:viaawsservice", "true"),
        ("kms:viaservice", "s3.eu-west-1.amazonaws.com"),
        ("s3:prefix", "home/"),
    ],
)
def test_condition_keys_of_a_request(key, value):
    principal = msgspec.structs.replace(ROLE, session=SESSION)
    situation = Situation(
        principal,
        "eu-west-1",
        1577836800.5,
        REQUEST,
        {"Tags": [{"Key": "Cost", "Value": "42"}, {"Key": "Empty"}]},
        principal_tags={"team": "blue", "stage": "test"},
        organization=ORGANIZED,
        owner=THERE,
        owner_organization=Guardrails("o-other", "o-other/r-cd34/"),
        resource_tags={"Owner": "eve"},
        extra={"s3:Prefix": "home/"},
        origin=VIA,
    )
    keys = ConditionKeys(situation)
    assert keys[key] == value
    assert key.startswith("ec2:") or key in set(keys)


def test_keys_that_a_request_does_not_have_are_absent():
    keys = ConditionKeys(Situation(ANONYMOUS))
    assert set(keys) == {
        "aws:currenttime",
        "aws:epochtime",
        "aws:principalisawsservice",
        "aws:principaltype",
        "aws:userid",
        "aws:viaawsservice",
    }
    assert keys["aws:userid"] == "anonymous"
    assert keys.get("aws:username") is None


@pytest.mark.parametrize(
    ("scheme", "remote", "secure"),
    [
        ("https", "203.0.113.7", "true"),
        ("http", "203.0.113.7", "false"),
        ("http", "127.0.0.1", "true"),
        ("http", "::1", "true"),
        ("http", "", "false"),
    ],
)
def test_transport_is_secure_by_tls_or_within_the_machine(scheme, remote, secure):
    request = Request("GET", "/", "", {}, Payload(), scheme, remote)
    assert ConditionKeys(Situation(ADA, request=request))["aws:securetransport"] == secure


def test_only_temporary_credentials_say_whether_there_was_mfa():
    assert ConditionKeys(Situation(ADA)).get("aws:multifactorauthpresent") is None
    temporary = msgspec.structs.replace(ADA, session=Session(0.0))
    assert ConditionKeys(Situation(temporary))["aws:multifactorauthpresent"] == "false"


@pytest.mark.parametrize(
    ("params", "tags"),
    [
        ({"Tags": [{"Key": "a", "Value": "1"}]}, {"a": "1"}),
        ({"Tags": [{"TagKey": "a", "TagValue": "1"}]}, {"a": "1"}),
        ({"tags": [{"key": "a", "value": "1"}]}, {"a": "1"}),
        ({"tags": {"a": "1"}}, {"a": "1"}),
        ({"Tagging": {"TagSet": [{"Key": "a", "Value": "1"}]}}, {"a": "1"}),
        ({"TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "1"}]}]}, {"a": "1"}),
        ({"TagKeys": ["a"]}, {}),
        ({"Tagging": "a=1"}, {}),
        ({}, {}),
    ],
)
def test_tags_are_found_in_requests_of_every_kind(params, tags):
    assert request_tags(params) == tags


def test_the_keys_of_tags_that_are_taken_away_are_keys_too():
    assert ConditionKeys(Situation(ADA, params={"TagKeys": ["a", "b"]}))["aws:tagkeys"] == ("a", "b")


def test_a_service_is_known_by_its_name_and_by_whom_it_works_for():
    topic = {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:t"}
    keys = ConditionKeys(Situation(SNS, organization=ORGANIZED, origin=topic))
    assert keys["aws:principalservicename"] == "sns.amazonaws.com"
    assert keys["aws:principalservicenameslist"] == ("sns.amazonaws.com",)
    assert keys["aws:principalisawsservice"] == "true"
    assert keys["aws:sourceaccount"] == HERE
    assert keys["aws:sourceorgid"] == "o-exampleorgid"
    assert "aws:principalaccount" not in keys
    assert "aws:principalorgid" not in keys
    only_one_topic = [
        allow(
            Principal={"Service": "sns.amazonaws.com"},
            Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:t"}},
        )
    ]
    assert decide(SNS, [], only_one_topic, keys=keys).allowed
    other = ConditionKeys(Situation(SNS, origin={"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:u"}))
    assert not decide(SNS, [], only_one_topic, keys=other).allowed


# -- algebra

ACTIONS = ["sqs:SendMessage", "sqs:*", "sqs:Send*", "s3:*", "*"]
RESOURCES = [QUEUE, "*", "arn:aws:sqs:*:*:other", "arn:aws:sqs:us-east-1:*:${aws:username, 'q'}"]
PRINCIPALS = ["*", {"AWS": HERE}, {"AWS": ADA.arn}, {"AWS": [STRANGER.arn, THERE]}, {"Service": "sns.amazonaws.com"}]
CONDITIONS = [
    {},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"StringNotEquals": {"aws:username": "ada"}},
    {"Null": {"aws:username": "true"}},
]

identity_statements = st.builds(
    lambda effect, action, action_name, resource, resource_name, condition: {
        "Effect": effect,
        action_name: action,
        resource_name: resource,
        "Condition": condition,
    },
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(ACTIONS),
    st.sampled_from(["Action", "Action", "NotAction"]),
    st.sampled_from(RESOURCES),
    st.sampled_from(["Resource", "Resource", "NotResource"]),
    st.sampled_from(CONDITIONS),
)
resource_statements = st.builds(
    lambda statement, principal, name: statement | {name: principal},
    identity_statements,
    st.sampled_from(PRINCIPALS),
    st.sampled_from(["Principal", "Principal", "NotPrincipal"]),
)
callers = st.sampled_from([ADA, STRANGER, SNS, ROLE, EVE, ANONYMOUS, root(HERE), root(THERE)])
KEYS = {"aws:securetransport": "true", "aws:username": "ada"}


def verdict(caller, world):
    return decide(caller, keys=KEYS, **world).allowed


@st.composite
def worlds(draw):
    """Policies of every kind that may apply, limits among them or not."""
    own = st.lists(identity_statements, max_size=4)
    world = {"identity": draw(own), "resource": draw(st.lists(resource_statements, max_size=4))}
    for limit in ("boundary", "session"):
        world[limit] = draw(st.none() | own)
    world["scps"] = draw(st.lists(own, max_size=2))
    world["rcps"] = draw(st.lists(st.lists(resource_statements, max_size=2), max_size=2))
    world["sovereign"] = draw(st.booleans())
    return world


def with_one_more(world, statement):
    """The worlds that come about when the statement is added to one of the policies that there are."""
    bare = {name: value for name, value in statement.items() if "rincipal" not in name}
    for kind in ("identity", "resource", "boundary", "session"):
        # no policy is not the same as an empty one: for a limit, and for what decides alone
        if world[kind] is not None and (world[kind] or kind == "identity"):
            yield world | {kind: [*world[kind], statement if kind == "resource" else bare]}
    for kind, added in (("scps", bare), ("rcps", statement)):
        for place, level in enumerate(world[kind]):
            yield world | {kind: [*world[kind][:place], [*level, added], *world[kind][place + 1 :]]}


@settings(max_examples=100, deadline=None)
@given(callers, worlds(), resource_statements)
def test_adding_a_deny_never_allows(caller, world, extra):
    before = verdict(caller, world)
    for other in with_one_more(world, extra | {"Effect": "Deny"}):
        assert before or not verdict(caller, other)


@settings(max_examples=100, deadline=None)
@given(callers, worlds(), resource_statements)
def test_adding_an_allow_never_denies(caller, world, extra):
    before = verdict(caller, world)
    for other in with_one_more(world, extra | {"Effect": "Allow"}):
        assert not before or verdict(caller, other)


@settings(max_examples=80, deadline=None)
@given(callers, worlds(), st.randoms())
def test_the_order_of_statements_does_not_matter(caller, world, rng):
    before = verdict(caller, world)
    for kind in ("identity", "resource", "boundary", "session", "scps", "rcps"):
        if world[kind] is not None:
            rng.shuffle(world[kind])
    assert verdict(caller, world) is before


@settings(max_examples=80, deadline=None)
@given(callers, worlds(), st.sampled_from(["boundary", "session", "scps", "rcps"]), st.lists(resource_statements))
def test_a_limit_never_gives(caller, world, kind, statements):
    bare = [{name: value for name, value in each.items() if "rincipal" not in name} for each in statements]
    if kind in ("scps", "rcps"):
        limited = world | {kind: [*world[kind], statements if kind == "rcps" else bare]}
    else:
        world = world | {kind: None}
        limited = world | {kind: bare}
    assert verdict(caller, world) or not verdict(caller, limited)


@settings(max_examples=100, deadline=None)
@given(st.lists(resource_statements, min_size=1, max_size=4))
def test_what_the_generator_makes_is_sound_by_the_grammar(statements):
    from fogbank.identity.policy import parse

    parse(json.dumps({"Version": "2012-10-17", "Statement": statements}), "resource")
