"""Whose key is it, and is the secret right: issued keys and dummy ones."""

from __future__ import annotations

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth

from fogbank.identity import Authenticator
from fogbank.identity.credentials import DummySecrets, account_of
from fogbank.kernel.errors import AWSError

from .conftest import ISSUED, SESSION, finish


def refusal(door, request, service="sqs", protocol="json"):
    with pytest.raises(AWSError) as caught:
        door.enter(request, service, protocol)
    return caught.value


def test_test_is_the_root_of_the_default_account(sign, door):
    principal = door.enter(sign(SigV4Auth)).principal
    assert (principal.account, principal.arn, principal.kind) == (
        "000000000000",
        "arn:aws:iam::000000000000:root",
        "root",
    )


def test_twelve_digits_are_the_root_of_that_account(sign, door):
    principal = door.enter(sign(SigV4Auth, "123456789012", "test")).principal
    assert (principal.account, principal.user_id) == ("123456789012", "123456789012")


def test_region_and_service_come_from_the_scope(sign, door):
    identity = door.enter(sign(SigV4Auth, region="eu-west-3"))
    assert (identity.region, identity.service) == ("eu-west-3", "sqs")


def test_the_secret_of_test_is_always_verified(sign, door):
    assert refusal(door, sign(SigV4Auth, "test", "other")).code == "InvalidSignatureException"


@pytest.mark.parametrize("secret", ["test", "my-key"])
def test_a_dummy_key_that_proved_its_secret_is_held_to_it(sign, door, secret):
    door.enter(sign(SigV4Auth, "my-key", secret))
    assert refusal(door, sign(SigV4Auth, "my-key", "another")).code == "InvalidSignatureException"
    assert door.enter(sign(SigV4Auth, "my-key", secret)).account == "000000000000"


def test_a_dummy_key_with_a_secret_of_its_own_is_taken_on_trust(sign, door):
    for secret in ("one", "two"):
        assert door.enter(sign(SigV4Auth, "my-key", secret)).account == "000000000000"


def test_a_trusted_dummy_is_still_held_to_the_clock(sign, door):
    request = sign(SigV4Auth, "my-key", "one")
    door.offset = 400
    assert refusal(door, request).message.startswith("Signature expired: ")


@pytest.mark.parametrize("key", ["AKIAIOSFODNN7UNKNOWN", "ASIAQQQQQQQQQQQQQQQQ", "AKIAX"])
@pytest.mark.parametrize(
    ("signer", "service", "protocol", "code", "status"),
    [
        (SigV4Auth, "dynamodb", "json", "UnrecognizedClientException", 400),
        (SigV4Auth, "sqs", "json", "UnrecognizedClientException", 403),
        (SigV4Auth, "sts", "query", "InvalidClientTokenId", 403),
        (SigV4Auth, "ec2", "ec2", "AuthFailure", 401),
        (S3SigV4Auth, "s3", "rest-xml", "InvalidAccessKeyId", 403),
    ],
)
def test_a_key_shaped_like_awss_must_have_been_issued_here(sign, door, key, signer, service, protocol, code, status):
    error = refusal(door, sign(signer, key, "secret", service), service, protocol)
    assert (error.code, error.status) == (code, status)


def test_an_issued_key_is_its_principal(sign, door):
    assert door.enter(sign(SigV4Auth, ISSUED.access_key, ISSUED.secret)).principal == ISSUED.principal


def test_an_issued_key_with_a_wrong_secret_is_refused(sign, door):
    assert refusal(door, sign(SigV4Auth, ISSUED.access_key, "test")).code == "InvalidSignatureException"


def test_a_session_needs_its_token(sign, door):
    request = sign(SigV4Auth, SESSION.access_key, SESSION.secret, token=SESSION.session_token)
    assert door.enter(request).principal == SESSION.principal
    for token in (None, "another"):
        error = refusal(door, sign(SigV4Auth, SESSION.access_key, SESSION.secret, token=token))
        assert error.message == "The security token included in the request is invalid."


def test_a_long_lived_key_takes_no_token(sign, door):
    request = sign(SigV4Auth, ISSUED.access_key, ISSUED.secret, token="made-up")
    assert refusal(door, request).code == "UnrecognizedClientException"


@pytest.mark.parametrize(
    ("signer", "service", "protocol", "code", "status", "message"),
    [
        (
            SigV4Auth,
            "dynamodb",
            "json",
            "ExpiredTokenException",
            400,
            "The security token included in the request is expired",
        ),
        (SigV4Auth, "sts", "query", "ExpiredToken", 403, "The security token included in the request is expired"),
        (S3SigV4Auth, "s3", "rest-xml", "ExpiredToken", 400, "The provided token has expired."),
    ],
)
def test_an_expired_session_is_refused(sign, door, signer, service, protocol, code, status, message):
    import msgspec

    door.issued[SESSION.access_key] = msgspec.structs.replace(SESSION, expires=1.0)
    request = sign(signer, SESSION.access_key, SESSION.secret, service, token=SESSION.session_token)
    error = refusal(door, request, service, protocol)
    assert (error.code, error.status, error.message) == (code, status, message)


def test_an_inactive_key_is_refused(sign, door):
    import msgspec

    door.issued[ISSUED.access_key] = msgspec.structs.replace(ISSUED, active=False)
    assert refusal(door, sign(SigV4Auth, ISSUED.access_key, ISSUED.secret)).code == "UnrecognizedClientException"


def test_strict_refuses_dummies(sign):
    strict = Authenticator("strict")
    with pytest.raises(AWSError) as caught:
        finish(strict.authenticate(sign(SigV4Auth, service="sts"), "sts", "query"))
    assert caught.value.code == "InvalidClientTokenId"


def test_proofs_are_bounded_and_never_forget_test():
    secrets = DummySecrets()
    for number in range(5000):
        secrets.prove(f"key-{number}", "test")
    assert len(secrets.proved) <= 4096
    assert secrets.proved["test"] == "test"


@pytest.mark.parametrize(
    ("key", "account"),
    [
        ("test", "000000000000"),
        ("123456789012", "123456789012"),
        ("ASIAY34FZKBOKMUTVV7A", "609629065308"),
        ("ASIAQNZGKIQY56JQ7WML", "029608264753"),
        ("AKIAIOSFODNN7EXAMPLE", None),
        ("AKIAY34FZKBOKMUTVV7", None),
        ("AKIAY34FZKBOKMUTVV10", None),
    ],
)
def test_a_key_names_its_account(key, account):
    # The long keys are examples that circulate together with the accounts that AWS names for them.
    assert account_of(key) == account
