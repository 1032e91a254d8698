"""GenerateDataKey, GenerateDataKeyPair, both without plaintext, and GenerateRandom."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

CONTEXT = {"purpose": "test"}


@pytest.mark.parametrize(
    ("how", "length"), [({"KeySpec": "AES_256"}, 32), ({"KeySpec": "AES_128"}, 16), ({"NumberOfBytes": 7}, 7)]
)
def test_a_data_key_comes_in_the_clear_and_encrypted(kms, make_key, how, length):
    key = make_key()
    made = kms.generate_data_key(KeyId=key["KeyId"], EncryptionContext=CONTEXT, **how)
    assert len(made["Plaintext"]) == length
    assert (made["KeyId"], made["KeyMaterialId"]) == (key["Arn"], key["CurrentKeyMaterialId"])
    decrypted = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=CONTEXT)
    assert decrypted["Plaintext"] == made["Plaintext"]


def test_a_data_key_can_come_encrypted_only(kms, key):
    made = kms.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_256")
    assert "Plaintext" not in made
    assert len(kms.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"]) == 32


def test_the_size_of_a_data_key_is_said_once(kms, key, refused):
    for how in ({}, {"KeySpec": "AES_256", "NumberOfBytes": 32}):
        with refused("ValidationException", "Please specify either number of bytes or key spec."):
            kms.generate_data_key(KeyId=key, **how)


def test_only_a_symmetric_key_encrypts_data_keys(kms, make_key, refused):
    for spec, usage in (("RSA_2048", "ENCRYPT_DECRYPT"), ("HMAC_256", "GENERATE_VERIFY_MAC")):
        with refused("InvalidKeyUsageException"):
            kms.generate_data_key(KeyId=make_key(spec, usage)["KeyId"], KeySpec="AES_256")


@pytest.mark.parametrize(
    "spec", ["RSA_2048", "ECC_NIST_P256", "ECC_NIST_P521", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519", "ML_KEM_768"]
)
def test_a_data_key_pair_is_a_real_one(kms, key, spec):
    made = kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec, EncryptionContext=CONTEXT)
    private = load_der_private_key(made["PrivateKeyPlaintext"], None)
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert (public, made["KeyPairSpec"]) == (made["PublicKey"], spec)
    decrypted = kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"], EncryptionContext=CONTEXT)
    assert decrypted["Plaintext"] == made["PrivateKeyPlaintext"]


def test_a_data_key_pair_can_come_without_its_private_key(kms, key):
    made = kms.generate_data_key_pair_without_plaintext(KeyId=key, KeyPairSpec="ECC_NIST_P256")
    assert "PrivateKeyPlaintext" not in made
    assert load_der_private_key(kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"])["Plaintext"], None)


def test_a_data_key_pair_that_nobody_can_make_is_refused(kms, key, refused):
    with refused("UnsupportedOperationException"):
        kms.generate_data_key_pair(KeyId=key, KeyPairSpec="SM2")


def test_random_bytes_are_random(kms, refused):
    some = {kms.generate_random(NumberOfBytes=16)["Plaintext"] for _ in range(5)}
    assert len(some) == 5
    assert len(kms.generate_random(NumberOfBytes=1024)["Plaintext"]) == 1024
    with refused("ValidationException", "numberOfBytes"):
        kms.generate_random()
    with refused("ValidationException"):
        kms.generate_random(NumberOfBytes=1025)
