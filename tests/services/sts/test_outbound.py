"""GetWebIdentityToken: tokens that others can verify by the keys that the issuer shows."""

from __future__ import annotations

import json
import time
import urllib.request

import jwt
import pytest

from tests.services.sts.conftest import allow, refused, trust

CLAIMS = "https://sts.amazonaws.com/"


@pytest.fixture
def issuer(aws):
    return aws("iam").enable_outbound_web_identity_federation()["IssuerIdentifier"]


@pytest.fixture
def verify(fogbank_server, issuer):
    """verify(token, audience): the claims, by what the issuer's documents say."""
    door = f"{fogbank_server.endpoint}/_aws/sts/tokens/{issuer.removeprefix('https://')}/.well-known"

    def verify(token, audience):
        with urllib.request.urlopen(f"{door}/openid-configuration", timeout=10) as answer:
            discovered = json.load(answer)
        assert discovered["issuer"] == issuer
        with urllib.request.urlopen(discovered["jwks_uri"], timeout=10) as answer:
            keys = jwt.PyJWKSet.from_dict(json.load(answer))
        header = jwt.get_unverified_header(token)
        key = next(key for key in keys.keys if key.key_id == header["kid"])
        # tokens live in virtual time
        unchecked = {"verify_iat": False, "verify_exp": False}
        return jwt.decode(token, key.key, [header["alg"]], unchecked, audience=audience, issuer=issuer)

    return verify


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_a_token_tells_who_calls(aws, sts, verify, make_role, algorithm):
    role = make_role(
        trust({"AWS": aws.account}, ["sts:AssumeRole", "sts:TagSession"]),
        permissions=[allow("sts:GetWebIdentityToken")],
        Tags=[{"Key": "stage", "Value": "test"}],
    )
    tags = [{"Key": "team", "Value": "blue"}]
    session = sts.assume_role(RoleArn=role, RoleSessionName="s1", Tags=tags)["Credentials"]
    answer = aws("sts", credentials=session).get_web_identity_token(
        Audience=["https://api.example.com"], SigningAlgorithm=algorithm
    )
    claims = verify(answer["WebIdentityToken"], "https://api.example.com")
    assert claims["sub"] == role
    assert claims["exp"] == int(answer["Expiration"].timestamp()) == claims["iat"] + 300
    assert claims[CLAIMS] == {
        "aws_account": aws.account,
        "source_region": "us-east-1",
        "principal_id": role,
        "principal_tags": {"stage": "test", "team": "blue"},
    }


def test_tags_of_the_request_are_claims(aws, as_user, verify):
    ada = as_user(allow(["sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken"]))("sts")
    tags = [{"Key": "order", "Value": "42"}]
    params = {"Audience": ["a", "b"], "SigningAlgorithm": "ES384", "Tags": tags, "DurationSeconds": 60}
    claims = verify(ada.get_web_identity_token(**params)["WebIdentityToken"], "b")
    assert claims["aud"] == ["a", "b"]
    assert claims[CLAIMS]["request_tags"] == {"order": "42"}
    bob = as_user(allow("sts:GetWebIdentityToken"), name="bob")("sts")
    with refused("AccessDenied", "sts:TagGetWebIdentityToken"):
        bob.get_web_identity_token(**params)


def test_audiences_can_be_limited(issuer, as_user):
    only = {"ForAllValues:StringEquals": {"sts:IdentityTokenAudience": "a"}}
    ada = as_user(allow("sts:GetWebIdentityToken", Condition=only))("sts")
    ada.get_web_identity_token(Audience=["a"], SigningAlgorithm="ES384")
    with refused("AccessDenied"):
        ada.get_web_identity_token(Audience=["a", "b"], SigningAlgorithm="ES384")


def test_the_account_has_to_want_it(aws, sts):
    with refused("OutboundWebIdentityFederationDisabledException", status=403):
        sts.get_web_identity_token(Audience=["a"], SigningAlgorithm="ES384")
    aws("iam").enable_outbound_web_identity_federation()
    sts.get_web_identity_token(Audience=["a"], SigningAlgorithm="ES384")


def test_sessions_of_users_get_none(aws, sts, issuer):
    session = aws("sts", credentials=sts.get_session_token(DurationSeconds=900)["Credentials"])
    with refused("AccessDenied", "Cannot call GetWebIdentityToken with session credentials"):
        session.get_web_identity_token(Audience=["a"], SigningAlgorithm="ES384")


def test_a_token_of_a_role_does_not_outlive_its_session(aws, sts, issuer, make_role):
    role = make_role(trust({"AWS": aws.account}), permissions=[allow()])
    credentials = sts.assume_role(RoleArn=role, RoleSessionName="s1", DurationSeconds=900)["Credentials"]
    session = aws("sts", credentials=credentials)
    session.get_web_identity_token(Audience=["a"], SigningAlgorithm="ES384", DurationSeconds=600)
    with refused("SessionDurationEscalationException", status=403):
        session.get_web_identity_token(Audience=["a"], SigningAlgorithm="ES384", DurationSeconds=3600)


def test_other_algorithms_are_refused(sts, issuer):
    with refused("ValidationError"):
        sts.get_web_identity_token(Audience=["a"], SigningAlgorithm="HS256")


def test_a_token_stays_small(sts, issuer):
    tags = [{"Key": f"k{n}", "Value": "x" * 250} for n in range(50)]
    with refused("JWTPayloadSizeExceededException", status=400):
        sts.get_web_identity_token(Audience=["a"], SigningAlgorithm="ES384", Tags=tags)


def test_time_is_virtual(sts, issuer, clock):
    clock.advance(seconds=86400)
    token = sts.get_web_identity_token(Audience=["a"], SigningAlgorithm="ES384")["WebIdentityToken"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["iat"] > time.time() + 80000
