"""Keys, callers and refusals, as the tests of KMS use them."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest


@pytest.fixture
def kms(aws):
    return aws("kms")


@pytest.fixture
def make_key(kms):
    """Creates a key and gives its metadata; `by` is another client to create it with."""

    def make(spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT", by=None, **params):
        return (by or kms).create_key(KeySpec=spec, KeyUsage=usage, **params)["KeyMetadata"]

    return make


@pytest.fixture
def key(make_key):
    """The id of a symmetric key."""
    return make_key()["KeyId"]


@pytest.fixture
def make_user(aws):
    """Creates an IAM user who is allowed these actions, and gives its ARN and a KMS client."""

    def make(*actions, name="user", resource="*", account=None):
        iam = aws("iam", account=account)
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        if actions:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(allow(actions, resource)))
        return arn, aws("kms", credentials=iam.create_access_key(UserName=name)["AccessKey"])

    return make


@pytest.fixture
def make_role(aws):
    """Creates a role that the account may assume, and gives its ARN and a KMS client of a session."""

    def make(*actions, name="role", account=None):
        iam, sts = aws("iam", account=account), aws("sts", account=account)
        trust = {"Effect": "Allow", "Principal": {"AWS": account or aws.account}, "Action": "sts:AssumeRole"}
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        if actions:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(allow(actions)))
        session = sts.assume_role(RoleArn=arn, RoleSessionName="session")
        return arn, aws("kms", credentials=session["Credentials"])

    return make


def allow(actions, resource="*", **more):
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def key_policy(aws):
    """A key policy that leaves everything to the account's root user itself, and has further statements."""

    def make(*statements, root=True):
        owner = {"Effect": "Allow", "Principal": {"AWS": aws.account}, "Action": "kms:*", "Resource": "*"}
        only_root = {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{aws.account}:root"}}
        return document({**owner, "Condition": only_root} if root else owner, *statements)

    return make


@pytest.fixture
def refused(kms):
    """`with refused("NotFoundException", "does not exist"):` for a call that KMS answers with that error and text."""

    @contextmanager
    def expect(code, text=""):
        with pytest.raises(kms.exceptions.ClientError) as caught:
            yield
        error = caught.value.response["Error"]
        assert error["Code"] == code
        assert text in error["Message"]

    return expect


@pytest.fixture
def import_material(kms):
    """Wraps material as AWS documents it and imports it; gives the answer."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    def run(key, material, by=None, **params):
        client = by or kms
        asked = client.get_parameters_for_import(
            KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
        )
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        wrapped = load_der_public_key(asked["PublicKey"]).encrypt(material, oaep)
        if "ValidTo" not in params:
            params["ExpirationModel"] = "KEY_MATERIAL_DOES_NOT_EXPIRE"
        return client.import_key_material(
            KeyId=key, ImportToken=asked["ImportToken"], EncryptedKeyMaterial=wrapped, **params
        )

    return run
