"""Encrypt, Decrypt, ReEncrypt."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key


def test_what_is_encrypted_is_decrypted_without_naming_the_key(kms, make_key):
    key = make_key()
    encrypted = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret")
    assert (encrypted["KeyId"], encrypted["EncryptionAlgorithm"]) == (key["Arn"], "SYMMETRIC_DEFAULT")
    decrypted = kms.decrypt(CiphertextBlob=encrypted["CiphertextBlob"])
    assert decrypted["Plaintext"] == b"secret"
    assert (decrypted["KeyId"], decrypted["EncryptionAlgorithm"]) == (key["Arn"], "SYMMETRIC_DEFAULT")
    assert decrypted["KeyMaterialId"] == key["CurrentKeyMaterialId"]


def test_the_same_plaintext_never_gives_the_same_ciphertext(kms, key):
    blobs = {kms.encrypt(KeyId=key, Plaintext=b"same")["CiphertextBlob"] for _ in range(5)}
    assert len(blobs) == 5
    assert not any(b"same" in blob for blob in blobs)


def test_the_encryption_context_has_to_be_the_same_in_any_order(kms, key, refused):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1", "b": "2"})["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext={"b": "2", "a": "1"})["Plaintext"] == b"x"
    for other in ({}, {"a": "1"}, {"A": "1", "b": "2"}, {"a": "2", "b": "1"}, {"a": "1", "b": "2", "c": "3"}):
        with refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=blob, EncryptionContext=other)


def test_a_changed_ciphertext_is_refused_wherever_it_was_changed(kms, key, refused):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for at in (0, 5, 60, 90, len(blob) - 1):
        changed = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
        with pytest.raises(kms.exceptions.ClientError) as caught:
            kms.decrypt(CiphertextBlob=changed)
        assert caught.value.response["Error"]["Code"] in ("InvalidCiphertextException", "AccessDeniedException")
    for garbage in (b"x", blob[:50], b"\x01" + b"\xff" * 200):
        with refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=garbage, KeyId=key)


def test_another_key_than_the_ciphertexts_is_refused(kms, make_key, refused):
    one, other = make_key()["KeyId"], make_key()["KeyId"]
    blob = kms.encrypt(KeyId=one, Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob, KeyId=one)["Plaintext"] == b"x"
    with refused("IncorrectKeyException", "does not identify a CMK that can perform this operation"):
        kms.decrypt(CiphertextBlob=blob, KeyId=other)


def test_a_ciphertext_of_no_key_here_says_nothing_more(aws, kms, key, refused):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    with refused("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist"):
        aws("kms", region="eu-west-1").decrypt(CiphertextBlob=blob)


def test_four_kibibytes_are_the_limit(kms, key, refused):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x" * 4096)["CiphertextBlob"]
    assert len(blob) <= 6144
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x" * 4096
    with refused("ValidationException", "less than or equal to 4096"):
        kms.encrypt(KeyId=key, Plaintext=b"x" * 4097)


def test_a_key_for_signing_does_not_encrypt(kms, make_key, refused):
    key = make_key("ECC_NIST_P256", "SIGN_VERIFY")
    expected = f"{key['Arn']} key usage is SIGN_VERIFY which is not valid for Encrypt."
    with refused("InvalidKeyUsageException", expected):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_a_dry_run_only_says_that_it_would_succeed(kms, key, refused):
    with refused("DryRunOperationException", "The request would have succeeded"):
        kms.encrypt(KeyId=key, Plaintext=b"x", DryRun=True)
    assert kms.get_key_last_usage(KeyId=key)["KeyLastUsage"] == {}
    kms.disable_key(KeyId=key)
    with refused("DisabledException"):
        kms.encrypt(KeyId=key, Plaintext=b"x", DryRun=True)


def test_a_dry_run_of_decrypt_can_do_without_the_ciphertext(kms, key, refused):
    with refused("DryRunOperationException"):
        kms.decrypt(KeyId=key, DryRun=True, DryRunModifiers=["IGNORE_CIPHERTEXT"])
    with refused("ValidationException", "keyId"):
        kms.decrypt(DryRun=True, DryRunModifiers=["IGNORE_CIPHERTEXT"])
    with refused("ValidationException", "ciphertextBlob"):
        kms.decrypt(KeyId=key)


def test_attested_recipients_are_refused(kms, key, refused):
    recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": b"document"}
    with refused("UnsupportedOperationException", "attestation"):
        kms.generate_data_key(KeyId=key, KeySpec="AES_256", Recipient=recipient)


# -- RSA


@pytest.fixture
def rsa_key(make_key):
    return make_key("RSA_2048")["KeyId"]


@pytest.mark.parametrize(("algorithm", "limit"), [("RSAES_OAEP_SHA_1", 214), ("RSAES_OAEP_SHA_256", 190)])
def test_rsa_encrypts_up_to_what_its_padding_leaves(kms, rsa_key, refused, algorithm, limit):
    plaintext = b"x" * limit
    blob = kms.encrypt(KeyId=rsa_key, Plaintext=plaintext, EncryptionAlgorithm=algorithm)["CiphertextBlob"]
    decrypted = kms.decrypt(KeyId=rsa_key, CiphertextBlob=blob, EncryptionAlgorithm=algorithm)
    assert decrypted["Plaintext"] == plaintext
    assert "KeyMaterialId" not in decrypted
    expected = f"Algorithm {algorithm} and key spec RSA_2048 cannot encrypt data larger than {limit} bytes."
    with refused("ValidationException", expected):
        kms.encrypt(KeyId=rsa_key, Plaintext=plaintext + b"x", EncryptionAlgorithm=algorithm)


def test_what_the_public_key_encrypted_elsewhere_is_decrypted(kms, rsa_key):
    public = load_der_public_key(kms.get_public_key(KeyId=rsa_key)["PublicKey"])
    blob = public.encrypt(b"from outside", padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    decrypted = kms.decrypt(KeyId=rsa_key, CiphertextBlob=blob, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    assert decrypted["Plaintext"] == b"from outside"


def test_rsa_wants_its_algorithm_and_its_key_named(kms, rsa_key, refused):
    with refused("InvalidKeyUsageException", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."):
        kms.encrypt(KeyId=rsa_key, Plaintext=b"x")
    blob = kms.encrypt(KeyId=rsa_key, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_1")["CiphertextBlob"]
    with refused("ValidationException", "keyId"):
        kms.decrypt(CiphertextBlob=blob, EncryptionAlgorithm="RSAES_OAEP_SHA_1")
    with refused("InvalidCiphertextException"):
        kms.decrypt(KeyId=rsa_key, CiphertextBlob=blob, EncryptionAlgorithm="RSAES_OAEP_SHA_256")


def test_rsa_has_no_encryption_context(kms, rsa_key, refused):
    with refused("ValidationException", "encryption context"):
        kms.encrypt(KeyId=rsa_key, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_1", EncryptionContext={"a": "b"})


# -- ReEncrypt


def test_a_ciphertext_is_moved_to_another_key_and_context(kms, make_key, refused):
    old, new = make_key(), make_key()
    blob = kms.encrypt(KeyId=old["KeyId"], Plaintext=b"x", EncryptionContext={"a": "1"})["CiphertextBlob"]
    moved = kms.re_encrypt(
        CiphertextBlob=blob,
        SourceEncryptionContext={"a": "1"},
        DestinationKeyId=new["KeyId"],
        DestinationEncryptionContext={"b": "2"},
    )
    assert (moved["SourceKeyId"], moved["KeyId"]) == (old["Arn"], new["Arn"])
    assert moved["SourceKeyMaterialId"] == old["CurrentKeyMaterialId"]
    assert moved["DestinationKeyMaterialId"] == new["CurrentKeyMaterialId"]
    decrypted = kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"b": "2"})
    assert (decrypted["Plaintext"], decrypted["KeyId"]) == (b"x", new["Arn"])
    with refused("InvalidCiphertextException"):
        kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=new["KeyId"])
    with refused("IncorrectKeyException"):
        kms.re_encrypt(
            CiphertextBlob=blob,
            SourceKeyId=new["KeyId"],
            SourceEncryptionContext={"a": "1"},
            DestinationKeyId=new["KeyId"],
        )


def test_a_ciphertext_is_moved_from_rsa_to_a_symmetric_key(kms, rsa_key, key):
    blob = kms.encrypt(KeyId=rsa_key, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256")["CiphertextBlob"]
    moved = kms.re_encrypt(
        CiphertextBlob=blob,
        SourceKeyId=rsa_key,
        SourceEncryptionAlgorithm="RSAES_OAEP_SHA_256",
        DestinationKeyId=key,
    )
    assert kms.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"] == b"x"
    assert "SourceKeyMaterialId" not in moved
