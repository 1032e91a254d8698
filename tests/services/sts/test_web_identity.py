"""AssumeRoleWithWebIdentity: tokens of a provider that really signs them and shows its keys."""

from __future__ import annotations

import time

import pytest
from botocore import UNSIGNED
from cryptography.hazmat.primitives.asymmetric import ec

from tests.services.sts.conftest import allow, refused, trust
from tests.services.sts.issuer import Issuer

ACTION = "sts:AssumeRoleWithWebIdentity"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    running = Issuer(tmp_path_factory.mktemp("issuer"))
    yield running
    running.close()


@pytest.fixture
def provider(aws, issuer):
    return aws("iam").create_open_id_connect_provider(
        Url=issuer.url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=[issuer.thumbprint]
    )["OpenIDConnectProviderArn"]


@pytest.fixture
def role(make_role, provider, issuer):
    only_ada = {"StringEquals": {f"{issuer.host}:sub": "ada", f"{issuer.host}:aud": "sts.amazonaws.com"}}
    trusted = trust({"Federated": provider}, [ACTION, "sts:TagSession"], Condition=only_ada)
    return make_role(trusted, permissions=[allow("sqs:CreateQueue", "arn:aws:sqs:*:*:${aws:PrincipalTag/team, 'all'}")])


@pytest.fixture
def assume(aws):
    sts = aws("sts", signature_version=UNSIGNED)

    def assume(role, token, **params):
        return sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="s1", WebIdentityToken=token, **params)

    return assume


def test_a_token_of_the_provider_opens_the_role(aws, assume, role, provider, issuer):
    answer = assume(role, issuer.token())
    assert answer["SubjectFromWebIdentityToken"] == "ada"
    assert answer["Audience"] == "sts.amazonaws.com"
    assert answer["Provider"] == provider
    assert answer["AssumedRoleUser"]["Arn"].endswith(":assumed-role/role/s1")
    sqs = aws("sqs", credentials=answer["Credentials"])
    sqs.create_queue(QueueName="all")
    with refused("AccessDenied"):
        sqs.create_queue(QueueName="other")


def test_a_token_can_bring_tags(aws, assume, role, issuer):
    tags = {"principal_tags": {"team": ["blue"]}, "transitive_tag_keys": ["team"]}
    answer = assume(role, issuer.token(**{"https://aws.amazon.com/tags": tags}))
    aws("sqs", credentials=answer["Credentials"]).create_queue(QueueName="blue")


def test_whom_the_trust_policy_does_not_mean_is_refused(assume, role, issuer):
    with refused("AccessDenied", f"Not authorized to perform {ACTION}", 403):
        assume(role, issuer.token(sub="bob"))


def test_a_role_of_somebody_else_is_refused(aws, assume, role, issuer):
    with refused("AccessDenied", f"Not authorized to perform {ACTION}"):
        assume(f"arn:aws:iam::{aws.account}:role/nobody", issuer.token())


def test_a_signature_has_to_be_the_providers(assume, role, issuer):
    stranger = ec.generate_private_key(ec.SECP256R1())
    with refused("InvalidIdentityToken", "could not be validated", 400):
        assume(role, issuer.token(key=stranger))


def test_a_key_that_the_provider_does_not_show_is_refused(assume, role, issuer):
    with refused("InvalidIdentityToken", "Couldn't retrieve verification key"):
        assume(role, issuer.token(headers={"kid": "2"}))


def test_a_new_key_of_the_provider_counts_at_once(assume, role, issuer):
    new = ec.generate_private_key(ec.SECP256R1())
    issuer.publish(new)
    try:
        assume(role, issuer.token(key=new))
        with refused("InvalidIdentityToken"):
            assume(role, issuer.token())
    finally:
        issuer.publish(issuer.key)


@pytest.mark.parametrize(
    ("claims", "code", "message"),
    [
        ({"aud": "somebody else"}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"azp": "somebody else"}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"exp": int(time.time()) - 10}, "ExpiredTokenException", "Token expired: current date/time"),
        ({"nbf": 2**40}, "InvalidIdentityToken", "nbf"),
        ({"sub": None}, "InvalidIdentityToken", "Missing a required claim: sub"),
        ({"iss": "https://127.0.0.1:1"}, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for"),
    ],
)
def test_claims_are_checked(assume, role, issuer, claims, code, message):
    with refused(code, message, 400):
        assume(role, issuer.token(**claims))


@pytest.mark.parametrize("token", ["no token", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_is_refused(assume, role, token):
    with refused("InvalidIdentityToken", status=400):
        assume(role, token)


def test_a_provider_whose_certificate_is_unknown_is_refused(aws, assume, role, issuer, provider):
    aws("iam").update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=provider, ThumbprintList=["0" * 40])
    with refused("InvalidIdentityToken", "doesn't match configured thumbprint"):
        assume(role, issuer.token())


def test_a_provider_that_is_gone_is_said_to_be(aws, assume, make_role, issuer):
    arn = aws("iam").create_open_id_connect_provider(Url="https://127.0.0.1:9", ClientIDList=["sts.amazonaws.com"])
    role = make_role(trust({"Federated": arn["OpenIDConnectProviderArn"]}, ACTION), name="gone")
    with refused("IDPCommunicationError", status=400):
        assume(role, issuer.token(iss="https://127.0.0.1:9"))


def test_access_tokens_of_others_are_not_pretended_to_be_checked(assume, role):
    with refused("IDPCommunicationError", "graph.facebook.com"):
        assume(role, "token", ProviderId="graph.facebook.com")
