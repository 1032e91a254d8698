"""DecodeAuthorizationMessage: refusals of EC2, read by who may."""

from __future__ import annotations

import json

from fogbank.identity import sealing
from fogbank.identity.decision import NO_POWERS, Guard, decide
from fogbank.identity.policy import Access
from fogbank.identity.principals import Principal
from tests.services.sts.conftest import allow, refused


def test_a_refusal_can_be_decoded(aws, sts, fogbank_server):
    ada = Principal(aws.account, f"arn:aws:iam::{aws.account}:user/ada", "user", "AIDA", name="ada")
    arn = f"arn:aws:ec2:us-east-1:{aws.account}:instance/i-1"
    access = Access(ada, "ec2:StopInstances", arn, {"ec2:region": "us-east-1"})
    details = decide(access, NO_POWERS, Guard(aws.account)).details()
    sealed = fogbank_server.call(sealing.seal(fogbank_server.app, details))
    told = json.loads(sts.decode_authorization_message(EncodedMessage=sealed)["DecodedMessage"])
    assert (told["allowed"], told["explicitDeny"]) == (False, False)
    assert told["context"]["principal"] == {"id": "AIDA", "name": "ada", "arn": ada.arn}
    assert (told["context"]["action"], told["context"]["resource"]) == ("ec2:StopInstances", arn)
    assert told["context"]["conditions"]["items"] == [
        {"key": "ec2:region", "values": {"items": [{"value": "us-east-1"}]}}
    ]


def test_what_is_no_message_is_refused(sts):
    for message in ("made-up", "a" * 100, "é"):
        with refused("InvalidAuthorizationMessageException", status=400):
            sts.decode_authorization_message(EncodedMessage=message)


def test_decoding_needs_permission(as_user):
    with refused("AccessDenied", "sts:DecodeAuthorizationMessage"):
        as_user(allow("ec2:*"))("sts").decode_authorization_message(EncodedMessage="x")
