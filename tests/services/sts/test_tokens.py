"""GetSessionToken and GetFederationToken."""

from __future__ import annotations

import base64
import datetime
import hmac

import pytest

from tests.services.sts.conftest import allow, clients, document, refused, trust


def lifetime(answer, clock):
    now = datetime.datetime.fromtimestamp(clock.now(), datetime.UTC)
    return (answer["Credentials"]["Expiration"] - now).total_seconds()


# -- GetSessionToken


def test_a_session_of_a_user_is_the_user(aws, as_user, clock):
    ada = as_user(allow("sqs:ListQueues"))("sts")
    answer = ada.get_session_token()
    assert abs(lifetime(answer, clock) - 43200) < 30
    session = clients(aws, answer["Credentials"])
    assert session("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{aws.account}:user/ada"
    session("sqs").list_queues()
    with refused("AccessDenied", "no identity-based policy"):
        session("sqs").create_queue(QueueName="q")


def test_a_session_of_root_lasts_an_hour_at_most(sts, clock):
    assert abs(lifetime(sts.get_session_token(DurationSeconds=43200), clock) - 3600) < 30


def test_a_session_of_a_user_cannot_make_another(aws, as_user):
    session = aws("sts", credentials=as_user(allow())("sts").get_session_token()["Credentials"])
    for call in (session.get_session_token, lambda: session.get_federation_token(Name="eve")):
        with refused("AccessDenied", "with session credentials", 403):
            call()


def test_a_session_without_mfa_has_no_iam(aws, as_user):
    session = clients(aws, as_user(allow())("sts").get_session_token()["Credentials"])
    with refused("InvalidClientTokenId", status=403):
        session("iam").list_users()


def test_a_session_ends_with_its_user(aws, as_user):
    session = clients(aws, as_user(name="gone")("sts").get_session_token()["Credentials"])
    iam = aws("iam")
    key = iam.list_access_keys(UserName="gone")["AccessKeyMetadata"][0]["AccessKeyId"]
    iam.delete_access_key(UserName="gone", AccessKeyId=key)
    session("sts").get_caller_identity()
    iam.delete_user(UserName="gone")
    with refused("InvalidClientTokenId"):
        session("sts").get_caller_identity()


# -- MFA


@pytest.fixture
def device(aws):
    """A virtual device of the user ada: its serial number and seed."""

    def make():
        iam = aws("iam")
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
        return made["SerialNumber"], made["Base32StringSeed"]

    return make


def code_of(seed, moment):
    """The code that an authenticator app shows (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(seed), int(moment // 30).to_bytes(8, "big"), "sha1")
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


def enable(aws, clock, serial, seed):
    codes = [code_of(seed, clock.now() + offset) for offset in (-30, 0)]
    aws("iam").enable_mfa_device(
        UserName="ada", SerialNumber=serial, AuthenticationCode1=codes[0], AuthenticationCode2=codes[1]
    )


ONLY_WITH_MFA = allow("sqs:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
RECENTLY = {"NumericLessThan": {"aws:MultiFactorAuthAge": "600"}}


def test_a_session_with_mfa_may_what_needs_mfa(aws, as_user, device, clock):
    ada = as_user(ONLY_WITH_MFA, allow("iam:ListUsers", Condition=RECENTLY))
    serial, seed = device()
    enable(aws, clock, serial, seed)
    with refused("AccessDenied"):
        ada("sqs").list_queues()
    clock.advance(seconds=60)
    answer = ada("sts").get_session_token(SerialNumber=serial, TokenCode=code_of(seed, clock.now()))
    session = clients(aws, answer["Credentials"])
    session("sqs").list_queues()
    session("iam").list_users()
    clock.advance(seconds=700)
    session("sqs").list_queues()
    with refused("AccessDenied"):
        session("iam").list_users()


def test_wrong_codes_and_devices_are_refused(aws, as_user, device, clock):
    ada = as_user()("sts")
    serial, seed = device()
    enable(aws, clock, serial, seed)
    wrong = f"{(int(code_of(seed, clock.now())) + 1) % 10**6:06}"
    with refused("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.", 403):
        ada.get_session_token(SerialNumber=serial, TokenCode=wrong)
    with refused("AccessDenied", "unable to validate MFA code"):
        ada.get_session_token(SerialNumber=f"{serial}x", TokenCode=wrong)
    with refused("AccessDenied", "must provide both MFA serial number and one time pass code"):
        ada.get_session_token(SerialNumber=serial)


def test_a_role_can_ask_for_mfa(aws, as_user, device, make_role, clock):
    needs_mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    role = make_role(trust({"AWS": aws.account}, Condition=needs_mfa))
    ada = as_user(allow("sts:AssumeRole"))("sts")
    serial, seed = device()
    enable(aws, clock, serial, seed)
    with refused("AccessDenied", "no role trust policy"):
        ada.assume_role(RoleArn=role, RoleSessionName="s1")
    clock.advance(seconds=60)
    code = code_of(seed, clock.now())
    ada.assume_role(RoleArn=role, RoleSessionName="s1", SerialNumber=serial, TokenCode=code)


# -- GetFederationToken


def federate(client, *statements, **params):
    policy = {"Policy": document(*statements)} if statements else {}
    return client.get_federation_token(Name="eve", **policy, **params)


def test_a_federated_user_may_what_both_the_user_and_the_policy_allow(aws, as_user):
    ada = as_user(allow(["sqs:ListQueues", "sts:GetFederationToken"]))("sts")
    answer = federate(ada, allow(["sqs:*", "s3:*"]))
    arn = f"arn:aws:sts::{aws.account}:federated-user/eve"
    assert answer["FederatedUser"] == {"FederatedUserId": f"{aws.account}:eve", "Arn": arn}
    eve = clients(aws, answer["Credentials"])
    assert eve("sts").get_caller_identity()["Arn"] == arn
    eve("sqs").list_queues()
    with refused("AccessDenied", f"User: {arn} is not authorized to perform: sqs:CreateQueue"):
        eve("sqs").create_queue(QueueName="q")
    with refused("AccessDenied"):
        eve("s3").list_buckets()


def test_without_policies_a_federated_user_may_nothing(aws, sts):
    eve = clients(aws, federate(sts)["Credentials"])
    with refused("AccessDenied", "because no session policy allows"):
        eve("sqs").list_queues()


def test_a_resource_policy_that_names_the_federated_user_is_enough(aws, sts):
    sqs = aws("sqs")
    arn = f"arn:aws:sts::{aws.account}:federated-user/eve"
    policy = document(allow("sqs:SendMessage", Principal={"AWS": arn}))
    url = sqs.create_queue(QueueName="q", Attributes={"Policy": policy})["QueueUrl"]
    eve = aws("sqs", credentials=federate(sts)["Credentials"])
    eve.send_message(QueueUrl=url, MessageBody="x")
    with refused("AccessDenied"):
        eve.receive_message(QueueUrl=url)


def test_federation_needs_permission(as_user):
    with refused("AccessDenied", "sts:GetFederationToken"):
        federate(as_user()("sts"))
    bob = as_user(allow("sts:GetFederationToken", "arn:aws:sts::*:federated-user/eve"), name="bob")("sts")
    federate(bob)
    with refused("AccessDenied"):
        bob.get_federation_token(Name="mallory")


def test_tags_of_a_federated_user_need_permission_and_count(aws, as_user):
    ada = as_user(allow(["sqs:*", "sts:GetFederationToken"]))
    tags = [{"Key": "team", "Value": "blue"}]
    with refused("AccessDenied", "sts:TagSession"):
        federate(ada("sts"), Tags=tags)
    bob = as_user(allow(["sqs:*", "sts:*"]), name="bob")("sts")
    own = allow("sqs:CreateQueue", "arn:aws:sqs:*:*:${aws:PrincipalTag/team}")
    eve = aws("sqs", credentials=federate(bob, own, Tags=tags)["Credentials"])
    eve.create_queue(QueueName="blue")
    with refused("AccessDenied"):
        eve.create_queue(QueueName="red")


def test_a_federated_user_has_neither_iam_nor_sts(aws, sts):
    eve = clients(aws, federate(sts, allow())["Credentials"])
    with refused("InvalidClientTokenId"):
        eve("iam").list_users()
    with refused("AccessDenied", "Cannot call AssumeRole with session credentials"):
        eve("sts").assume_role(RoleArn=f"arn:aws:iam::{aws.account}:role/x", RoleSessionName="s1")


def test_roles_cannot_federate(aws, sts, make_role):
    role = make_role(trust({"AWS": aws.account}), permissions=[allow()])
    session = aws("sts", credentials=sts.assume_role(RoleArn=role, RoleSessionName="s1")["Credentials"])
    with refused("AccessDenied", "Cannot call GetFederationToken with session credentials"):
        federate(session)
