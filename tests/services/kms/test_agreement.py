"""MACs and shared secrets: GenerateMac, VerifyMac, DeriveSharedSecret, Encapsulate, Decapsulate."""

import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

CURVES = {"ECC_NIST_P256": ec.SECP256R1(), "ECC_NIST_P384": ec.SECP384R1(), "ECC_NIST_P521": ec.SECP521R1()}


def der(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


# -- MACs


@pytest.mark.parametrize("bits", [224, 256, 384, 512])
def test_a_mac_is_verified_and_a_wrong_one_refused(kms, make_key, refused, bits):
    key = make_key(f"HMAC_{bits}", "GENERATE_VERIFY_MAC")
    question = {"KeyId": key["KeyId"], "Message": b"message", "MacAlgorithm": f"HMAC_SHA_{bits}"}
    made = kms.generate_mac(**question)
    assert (len(made["Mac"]), made["KeyId"]) == (bits // 8, key["Arn"])
    assert kms.verify_mac(Mac=made["Mac"], **question)["MacValid"] is True
    for wrong in ({"Mac": made["Mac"][::-1], **question}, {"Mac": made["Mac"], **question, "Message": b"other"}):
        with refused("KMSInvalidMacException"):
            kms.verify_mac(**wrong)


def test_a_mac_is_the_hmac_of_rfc_2104(kms, imported_hmac):
    key, material = imported_hmac
    made = kms.generate_mac(KeyId=key, Message=b"message", MacAlgorithm="HMAC_SHA_256")
    assert made["Mac"] == hmac.digest(material, b"message", "sha256")


@pytest.fixture
def imported_hmac(kms, make_key, import_material):
    key = make_key("HMAC_256", "GENERATE_VERIFY_MAC", Origin="EXTERNAL")["KeyId"]
    material = bytes(range(32))
    import_material(key, material)
    return key, material


def test_a_mac_algorithm_belongs_to_its_spec(kms, make_key, refused):
    key = make_key("HMAC_256", "GENERATE_VERIFY_MAC")["KeyId"]
    with refused("InvalidKeyUsageException", "Algorithm HMAC_SHA_512 is incompatible with key spec HMAC_256."):
        kms.generate_mac(KeyId=key, Message=b"x", MacAlgorithm="HMAC_SHA_512")


# -- ECDH


@pytest.mark.parametrize("spec", CURVES)
def test_both_sides_derive_the_same_secret(kms, make_key, spec):
    key = make_key(spec, "KEY_AGREEMENT")
    other = ec.generate_private_key(CURVES[spec])
    answer = kms.derive_shared_secret(
        KeyId=key["KeyId"], KeyAgreementAlgorithm="ECDH", PublicKey=der(other.public_key())
    )
    ours = load_der_public_key(kms.get_public_key(KeyId=key["KeyId"])["PublicKey"])
    assert answer["SharedSecret"] == other.exchange(ec.ECDH(), ours)
    assert (answer["KeyId"], answer["KeyOrigin"]) == (key["Arn"], "AWS_KMS")


def test_a_public_key_of_another_curve_is_refused(kms, make_key, refused):
    key = make_key("ECC_NIST_P256", "KEY_AGREEMENT")["KeyId"]
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    for public in (der(other), b"garbage"):
        with refused("ValidationException", "public key"):
            kms.derive_shared_secret(KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=public)


def test_a_signing_key_does_not_agree(kms, make_key, refused):
    key = make_key("ECC_NIST_P256", "SIGN_VERIFY")["KeyId"]
    public = der(ec.generate_private_key(ec.SECP256R1()).public_key())
    with refused("InvalidKeyUsageException", "which is not valid for DeriveSharedSecret"):
        kms.derive_shared_secret(KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=public)


# -- ML-KEM


@pytest.mark.parametrize(("spec", "length"), [("ML_KEM_768", 1088), ("ML_KEM_1024", 1568)])
def test_an_encapsulated_secret_is_recovered(kms, make_key, spec, length):
    key = make_key(spec, "ENCAPSULATE_DECAPSULATE")["KeyId"]
    made = kms.encapsulate(KeyId=key, EncapsulationAlgorithm="ML_KEM")
    blob = made["SharedSecretCiphertextBlob"]
    assert (len(made["SharedSecret"]), len(blob)) == (32, length)
    answer = kms.decapsulate(KeyId=key, SharedSecretCiphertextBlob=blob, EncapsulationAlgorithm="ML_KEM")
    assert answer["SharedSecret"] == made["SharedSecret"]


def test_a_secret_encapsulated_outside_is_recovered(kms, make_key):
    key = make_key("ML_KEM_768", "ENCAPSULATE_DECAPSULATE")["KeyId"]
    secret, blob = load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"]).encapsulate()
    answer = kms.decapsulate(KeyId=key, SharedSecretCiphertextBlob=blob, EncapsulationAlgorithm="ML_KEM")
    assert answer["SharedSecret"] == secret


def test_a_wrong_encapsulation_gives_another_secret_and_a_short_one_an_error(kms, make_key, refused):
    key, other = (make_key("ML_KEM_768", "ENCAPSULATE_DECAPSULATE")["KeyId"] for _ in range(2))
    made = kms.encapsulate(KeyId=other, EncapsulationAlgorithm="ML_KEM")
    blob = made["SharedSecretCiphertextBlob"]
    answer = kms.decapsulate(KeyId=key, SharedSecretCiphertextBlob=blob, EncapsulationAlgorithm="ML_KEM")
    assert len(answer["SharedSecret"]) == 32
    assert answer["SharedSecret"] != made["SharedSecret"]
    with refused("InvalidCiphertextException"):
        kms.decapsulate(KeyId=key, SharedSecretCiphertextBlob=blob[:-1], EncapsulationAlgorithm="ML_KEM")
