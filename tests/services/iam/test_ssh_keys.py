"""SSH public keys of users."""

import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def ssh(key):
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def pem(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def upload(iam, make_user, key):
    make_user()

    def upload(body=None):
        return iam.upload_ssh_public_key(UserName="user", SSHPublicKeyBody=body or ssh(key) + " me@home")[
            "SSHPublicKey"
        ]

    return upload


def test_a_key_is_answered_with_its_fingerprint(upload, key):
    uploaded = upload()
    assert uploaded["SSHPublicKeyId"].startswith("APKA")
    assert uploaded["Status"] == "Active"
    assert uploaded["SSHPublicKeyBody"] == ssh(key) + " me@home"
    assert len(uploaded["Fingerprint"]) == 47


def test_the_fingerprint_is_the_one_of_ssh_keygen(upload, key, tmp_path):
    file = tmp_path / "key.pub"
    file.write_text(ssh(key))
    try:
        said = subprocess.run(["ssh-keygen", "-l", "-E", "md5", "-f", file], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("no ssh-keygen here")
    assert f"MD5:{upload()['Fingerprint']}" in said.stdout


@pytest.mark.parametrize("encoding", ["SSH", "PEM"])
@pytest.mark.parametrize("form", [ssh, pem])
def test_a_key_is_given_out_in_either_encoding(iam, upload, key, form, encoding):
    uploaded = upload(form(key))
    found = iam.get_ssh_public_key(UserName="user", SSHPublicKeyId=uploaded["SSHPublicKeyId"], Encoding=encoding)
    assert found["SSHPublicKey"]["SSHPublicKeyBody"] == {"SSH": ssh, "PEM": pem}[encoding](key)
    assert found["SSHPublicKey"]["Fingerprint"] == uploaded["Fingerprint"]


@pytest.mark.parametrize(
    "body", ["nonsense", "ssh-rsa AAAA", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"]
)
def test_what_is_no_key_is_refused(upload, refused, body):
    with refused("UnrecognizedPublicKeyEncoding"):
        upload(body)


def test_only_long_rsa_keys_are_taken(upload, refused):
    with refused("InvalidPublicKey", "RSA"):
        upload(ssh(ed25519.Ed25519PrivateKey.generate()))
    with refused("InvalidPublicKey", "Length of the public key must be at least 2048 bits."):
        upload(ssh(rsa.generate_private_key(65537, 1024)))


def test_the_same_key_is_refused_in_whatever_encoding(upload, key, refused):
    upload()
    with refused("DuplicateSSHPublicKey"):
        upload(pem(key))


def test_keys_are_listed_without_their_bodies(iam, upload):
    uploaded = upload()
    (listed,) = iam.list_ssh_public_keys(UserName="user")["SSHPublicKeys"]
    assert set(listed) == {"UserName", "SSHPublicKeyId", "Status", "UploadDate"}
    assert listed["SSHPublicKeyId"] == uploaded["SSHPublicKeyId"]
    assert iam.list_ssh_public_keys()["SSHPublicKeys"] == []


def test_a_key_is_made_inactive(iam, upload):
    key_id = upload()["SSHPublicKeyId"]
    iam.update_ssh_public_key(UserName="user", SSHPublicKeyId=key_id, Status="Inactive")
    assert iam.list_ssh_public_keys(UserName="user")["SSHPublicKeys"][0]["Status"] == "Inactive"


def test_a_user_with_keys_cannot_be_deleted(iam, upload, refused):
    key_id = upload()["SSHPublicKeyId"]
    with refused("DeleteConflict", "Cannot delete entity, must delete SSH public keys first."):
        iam.delete_user(UserName="user")
    iam.delete_ssh_public_key(UserName="user", SSHPublicKeyId=key_id)
    with refused("NoSuchEntity", f"The Public Key with id {key_id} cannot be found."):
        iam.delete_ssh_public_key(UserName="user", SSHPublicKeyId=key_id)
