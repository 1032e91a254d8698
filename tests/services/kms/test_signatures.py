"""Sign, Verify, GetPublicKey, against the `cryptography` library."""

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import load_der_public_key

MESSAGE = b"to be signed"
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def verified_outside(public, algorithm, signature):
    """Raises InvalidSignature unless the library takes the signature for the message's."""
    digest = HASHES.get(algorithm[-3:])
    if algorithm.startswith("ECDSA"):
        public.verify(signature, MESSAGE, ec.ECDSA(digest))
    elif "PSS" in algorithm:
        public.verify(signature, MESSAGE, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    elif "PKCS1" in algorithm:
        public.verify(signature, MESSAGE, padding.PKCS1v15(), digest)
    else:
        public.verify(signature, MESSAGE)


@pytest.fixture
def signer(make_key):
    def make(spec):
        return make_key(spec, "SIGN_VERIFY")

    return make


SIGNERS = {
    "RSA_2048": [f"RSASSA_{scheme}_SHA_{bits}" for scheme in ("PSS", "PKCS1_V1_5") for bits in (256, 384, 512)],
    "ECC_NIST_P256": ["ECDSA_SHA_256"],
    "ECC_NIST_P384": ["ECDSA_SHA_384"],
    "ECC_NIST_P521": ["ECDSA_SHA_512"],
    "ECC_SECG_P256K1": ["ECDSA_SHA_256"],
    "ECC_NIST_EDWARDS25519": ["ED25519_SHA_512"],
    "ML_DSA_44": ["ML_DSA_SHAKE_256"],
    "ML_DSA_65": ["ML_DSA_SHAKE_256"],
    "ML_DSA_87": ["ML_DSA_SHAKE_256"],
}


@pytest.mark.parametrize("spec", SIGNERS)
def test_signatures_hold_outside_of_kms_and_inside(kms, signer, refused, spec):
    key = signer(spec)
    public = load_der_public_key(kms.get_public_key(KeyId=key["KeyId"])["PublicKey"])
    for algorithm in SIGNERS[spec]:
        question = {"KeyId": key["KeyId"], "Message": MESSAGE, "SigningAlgorithm": algorithm}
        signed = kms.sign(**question)
        assert (signed["KeyId"], signed["SigningAlgorithm"]) == (key["Arn"], algorithm)
        verified_outside(public, algorithm, signed["Signature"])
        assert kms.verify(Signature=signed["Signature"], **question)["SignatureValid"] is True
        with refused("KMSInvalidSignatureException"):
            kms.verify(Signature=signed["Signature"], **{**question, "Message": b"other"})


@pytest.mark.parametrize(
    ("spec", "algorithm", "digest"),
    [
        ("RSA_2048", "RSASSA_PSS_SHA_256", hashlib.sha256),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512", hashlib.sha512),
        ("ECC_NIST_P384", "ECDSA_SHA_384", hashlib.sha384),
    ],
)
def test_a_digest_signed_is_the_message_signed(kms, signer, refused, spec, algorithm, digest):
    key = signer(spec)["KeyId"]
    hashed = digest(MESSAGE).digest()
    signature = kms.sign(KeyId=key, Message=hashed, MessageType="DIGEST", SigningAlgorithm=algorithm)["Signature"]
    verified_outside(load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"]), algorithm, signature)
    assert kms.verify(KeyId=key, Message=MESSAGE, Signature=signature, SigningAlgorithm=algorithm)["SignatureValid"]
    with refused("ValidationException", f"Digest is invalid length for algorithm {algorithm}."):
        kms.sign(KeyId=key, Message=MESSAGE, MessageType="DIGEST", SigningAlgorithm=algorithm)


def test_ml_dsa_signs_a_representative_made_outside(kms, signer, refused):
    key = signer("ML_DSA_65")["KeyId"]
    public = load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    # FIPS 204, 6.2: the hash of the public key's hash, an empty context, and the message
    tr = hashlib.shake_256(public.public_bytes_raw()).digest(64)
    mu = hashlib.shake_256(tr + b"\0\0" + MESSAGE).digest(64)
    question = {"KeyId": key, "MessageType": "EXTERNAL_MU", "SigningAlgorithm": "ML_DSA_SHAKE_256"}
    signature = kms.sign(Message=mu, **question)["Signature"]
    public.verify(signature, MESSAGE)
    assert kms.verify(Message=mu, Signature=signature, **question)["SignatureValid"]
    with refused("ValidationException"):
        kms.sign(Message=mu[:63], **question)


@pytest.mark.parametrize(
    ("spec", "algorithm", "message_type"),
    [
        ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512", "DIGEST"),
        ("ML_DSA_44", "ML_DSA_SHAKE_256", "DIGEST"),
        ("ECC_NIST_P256", "ECDSA_SHA_256", "EXTERNAL_MU"),
    ],
)
def test_a_message_type_that_the_algorithm_does_not_take_is_refused(
    kms, signer, refused, spec, algorithm, message_type
):
    with refused("ValidationException", f"MessageType {message_type} is not valid"):
        kms.sign(KeyId=signer(spec)["KeyId"], Message=b"x" * 64, MessageType=message_type, SigningAlgorithm=algorithm)


def test_prehashed_ed25519_is_refused_because_the_library_lacks_it(kms, signer, refused):
    key = signer("ECC_NIST_EDWARDS25519")["KeyId"]
    with refused("UnsupportedOperationException", "ED25519_PH_SHA_512"):
        kms.sign(KeyId=key, Message=b"x" * 64, MessageType="DIGEST", SigningAlgorithm="ED25519_PH_SHA_512")


def test_an_algorithm_of_another_spec_is_refused(kms, signer, refused):
    key = signer("ECC_NIST_P256")["KeyId"]
    with refused("InvalidKeyUsageException", "Algorithm ECDSA_SHA_384 is incompatible with key spec ECC_NIST_P256."):
        kms.sign(KeyId=key, Message=MESSAGE, SigningAlgorithm="ECDSA_SHA_384")


def test_a_symmetric_key_does_not_sign(kms, make_key, refused):
    key = make_key()
    with refused("InvalidKeyUsageException", f"{key['Arn']} key usage is ENCRYPT_DECRYPT which is not valid for Sign."):
        kms.sign(KeyId=key["KeyId"], Message=MESSAGE, SigningAlgorithm="ECDSA_SHA_256")


def test_a_public_key_comes_with_what_it_is_for(kms, signer):
    key = signer("ECC_NIST_P256")
    answer = kms.get_public_key(KeyId=key["KeyId"])
    assert answer["KeyId"] == key["Arn"]
    assert (answer["KeySpec"], answer["CustomerMasterKeySpec"]) == ("ECC_NIST_P256", "ECC_NIST_P256")
    assert (answer["KeyUsage"], answer["SigningAlgorithms"]) == ("SIGN_VERIFY", ["ECDSA_SHA_256"])


def test_a_symmetric_key_has_no_public_key(kms, key, refused):
    with refused("UnsupportedOperationException"):
        kms.get_public_key(KeyId=key)


def test_garbage_is_no_signature(kms, signer, refused):
    for spec, algorithm in (("RSA_2048", "RSASSA_PSS_SHA_256"), ("ECC_NIST_P256", "ECDSA_SHA_256")):
        with refused("KMSInvalidSignatureException"):
            kms.verify(KeyId=signer(spec)["KeyId"], Message=MESSAGE, Signature=b"garbage", SigningAlgorithm=algorithm)
