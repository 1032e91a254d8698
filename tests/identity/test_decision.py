"""AWS's evaluation logic: the documentation's own examples, and the algebra of it."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fogbank.http import Payload, Request
from fogbank.identity.condition_keys import ConditionKeys
from fogbank.identity.decision import authorise, enforce
from fogbank.identity.policy import Policy
from fogbank.identity.principals import ANONYMOUS, Principal, root, service_principal
from fogbank.kernel.errors import AWSError

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


def decide(principal, identity=(), resource=None, owner=HERE, action="sqs:SendMessage", arn=QUEUE):
    return authorise(
        principal,
        action,
        [arn],
        owner=owner,
        identity_policies=[policy(*identity)] if identity else [],
        resource_policy=policy(*resource) if resource else None,
    )


ADA = user("ada")
STRANGER = user("sam", THERE)
SNS = service_principal("sns", HERE)
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
    assert (decision.allowed, decision.reason, decision.source) == (allowed, reason, source)


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


def test_every_resource_of_a_request_must_be_allowed():
    identity = [policy(allow("s3:*", "arn:aws:s3:::a/*"))]
    both = ["arn:aws:s3:::a/x", "arn:aws:s3:::b/x"]
    decision = authorise(ADA, "s3:GetObject", both, owner=HERE, identity_policies=identity)
    assert not decision.allowed
    assert decision.access.resource == "arn:aws:s3:::b/x"


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
    error = decide(ADA).error(service, protocol)
    assert (error.code, error.status) == (code, status)
    assert ADA.arn in error.message


def test_s3_quotes_the_resource_and_tells_strangers_nothing():
    assert f'on resource: "{QUEUE}" because' in decide(ADA).error("s3", "rest-xml").message
    for stranger in (STRANGER, ANONYMOUS):
        assert decide(stranger).error("s3", "rest-xml").message == "Access Denied"


def test_modes(caplog):
    refused = decide(ADA)
    with pytest.raises(AWSError):
        enforce(refused, "enforce", "sqs", "json")
    enforce(refused, "off", "sqs", "json")
    assert caplog.messages == []
    with caplog.at_level(logging.WARNING, "fogbank.iam"):
        enforce(refused, "audit", "sqs", "json")
    assert caplog.messages == [f"would be refused: {refused.message}"]
    enforce(decide(root(HERE)), "enforce", "sqs", "json")


# -- condition keys


REQUEST = Request("POST", "/", "", {"user-agent": "aws-cli", "referer": "http://x/"}, Payload(), "https", "203.0.113.7")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("aws:principalarn", ROLE.issuer),
        ("aws:principalaccount", HERE),
        ("aws:principaltype", "AssumedRole"),
        ("aws:principalisawsservice", "false"),
        ("aws:userid", "AROA:s"),
        ("aws:sourceip", "203.0.113.7"),
        ("aws:securetransport", "true"),
        ("aws:currenttime", "2020-01-01T00:00:00Z"),
        ("aws:epochtime", "1577836800"),
        ("aws:requestedregion", "eu-west-1"),
        ("aws:useragent", "aws-cli"),
        ("aws:referer", "http://x/"),
        ("s3:prefix", "home/"),
    ],
)
def test_condition_keys_of_a_request(key, value):
    keys = ConditionKeys(ROLE, "eu-west-1", 1577836800.5, REQUEST, {"s3:Prefix": "home/"})
    assert keys[key] == value
    assert key in set(keys)


def test_keys_that_a_request_does_not_have_are_absent():
    keys = ConditionKeys(ANONYMOUS, "", 0.0)
    assert set(keys) == {
        "aws:currenttime",
        "aws:epochtime",
        "aws:principalisawsservice",
        "aws:principaltype",
        "aws:userid",
    }
    assert keys["aws:userid"] == "anonymous"
    assert keys.get("aws:username") is None


def test_a_service_is_known_by_its_name_and_by_whom_it_works_for():
    keys = ConditionKeys(SNS, "us-east-1", 0.0, None, {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:t"})
    assert keys["aws:principalservicename"] == "sns.amazonaws.com"
    assert keys["aws:principalisawsservice"] == "true"
    assert keys["aws:sourceaccount"] == HERE
    assert "aws:principalaccount" not in keys
    only_one_topic = [
        allow(
            Principal={"Service": "sns.amazonaws.com"},
            Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:t"}},
        )
    ]
    ask = {"owner": HERE, "resource_policy": policy(*only_one_topic)}
    assert authorise(SNS, "sqs:SendMessage", [QUEUE], keys=keys, **ask).allowed
    other = ConditionKeys(SNS, "us-east-1", 0.0, None, {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:u"})
    assert not authorise(SNS, "sqs:SendMessage", [QUEUE], keys=other, **ask).allowed


def test_tags_of_the_principal_are_keys():
    tagged = Principal(HERE, ADA.arn, "user", "AIDA", name="ada", tags={"Team": "blue"})
    assert ConditionKeys(tagged, "", 0.0)["aws:principaltag/team"] == "blue"


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
callers = st.sampled_from([ADA, STRANGER, SNS, ROLE, ANONYMOUS, root(HERE), root(THERE)])
KEYS = {"aws:securetransport": "true", "aws:username": "ada"}


def verdict(caller, identity, resource):
    return authorise(
        caller,
        "sqs:SendMessage",
        [QUEUE],
        owner=HERE,
        identity_policies=[policy(*identity)],
        resource_policy=policy(*resource),
        keys=KEYS,
    ).allowed


worlds = given(
    callers,
    st.lists(identity_statements, max_size=4),
    st.lists(resource_statements, max_size=4),
    st.randoms(),
    resource_statements,
)


@settings(max_examples=200, deadline=None)
@worlds
def test_adding_a_deny_never_allows(caller, identity, resource, rng, extra):
    more = extra | {"Effect": "Deny"}
    bare = {name: value for name, value in more.items() if "rincipal" not in name}
    before = verdict(caller, identity, resource)
    assert before or not verdict(caller, identity, [*resource, more])
    assert before or not verdict(caller, [*identity, bare], resource)


@settings(max_examples=200, deadline=None)
@worlds
def test_adding_an_allow_never_denies(caller, identity, resource, rng, extra):
    more = extra | {"Effect": "Allow"}
    bare = {name: value for name, value in more.items() if "rincipal" not in name}
    before = verdict(caller, identity, resource)
    assert not before or verdict(caller, identity, [*resource, more])
    assert not before or verdict(caller, [*identity, bare], resource)


@settings(max_examples=200, deadline=None)
@worlds
def test_the_order_of_statements_does_not_matter(caller, identity, resource, rng, extra):
    before = verdict(caller, identity, resource)
    rng.shuffle(identity)
    rng.shuffle(resource)
    assert verdict(caller, identity, resource) is before


@settings(max_examples=100, deadline=None)
@given(st.lists(resource_statements, min_size=1, max_size=4))
def test_what_the_generator_makes_is_sound_by_the_grammar(statements):
    from fogbank.identity.policy import parse

    parse(json.dumps({"Version": "2012-10-17", "Statement": statements}), "resource")
