"""Imported key material: wrapped on its way, known again, expiring."""

import os

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)

FOREVER = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
MATERIAL = bytes(range(32))


@pytest.fixture
def empty(make_key):
    """The id of a symmetric key that waits for its material."""
    return make_key(Origin="EXTERNAL")["KeyId"]


def wrap(algorithm, public_key, material):
    """As the developer guide says it is done with OpenSSL."""
    digest = hashes.SHA1() if algorithm.endswith("SHA_1") else hashes.SHA256()
    public = load_der_public_key(public_key)
    oaep = padding.OAEP(padding.MGF1(digest), digest, None)
    if not algorithm.startswith("RSA_AES"):
        return public.encrypt(material, oaep)
    one_time = os.urandom(32)
    return public.encrypt(one_time, oaep) + aes_key_wrap_with_padding(one_time, material)


def pkcs8(key):
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def test_a_key_waits_for_its_material(kms, make_key, refused):
    key = make_key(Origin="EXTERNAL")
    assert (key["Origin"], key["KeyState"], key["Enabled"]) == ("EXTERNAL", "PendingImport", False)
    assert "CurrentKeyMaterialId" not in key
    with refused("KMSInvalidStateException", f"{key['Arn']} is pending import."):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    with refused("KMSInvalidStateException", "is pending import."):
        kms.enable_key(KeyId=key["KeyId"])


@pytest.mark.parametrize(
    "algorithm", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"]
)
def test_material_arrives_by_every_wrapping(kms, empty, algorithm):
    asked = kms.get_parameters_for_import(KeyId=empty, WrappingAlgorithm=algorithm, WrappingKeySpec="RSA_2048")
    wrapped = wrap(algorithm, asked["PublicKey"], MATERIAL)
    answer = kms.import_key_material(
        KeyId=empty, ImportToken=asked["ImportToken"], EncryptedKeyMaterial=wrapped, **FOREVER
    )
    described = kms.describe_key(KeyId=empty)["KeyMetadata"]
    assert (described["KeyState"], described["ExpirationModel"]) == ("Enabled", "KEY_MATERIAL_DOES_NOT_EXPIRE")
    assert described["CurrentKeyMaterialId"] == answer["KeyMaterialId"]
    blob = kms.encrypt(KeyId=empty, Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["KeyMaterialId"] == answer["KeyMaterialId"]


def test_an_rsa_key_is_imported_and_signs(kms, make_key, refused):
    key = make_key("RSA_2048", "SIGN_VERIFY", Origin="EXTERNAL")["KeyId"]
    with refused("UnsupportedOperationException", "cannot wrap key material of RSA_2048"):
        kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    algorithm = "RSA_AES_KEY_WRAP_SHA_256"
    asked = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec="RSA_2048")
    private = rsa.generate_private_key(65537, 2048)
    kms.import_key_material(
        KeyId=key,
        ImportToken=asked["ImportToken"],
        EncryptedKeyMaterial=wrap(algorithm, asked["PublicKey"], pkcs8(private)),
        **FOREVER,
    )
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert kms.get_public_key(KeyId=key)["PublicKey"] == public
    signature = kms.sign(KeyId=key, Message=b"m", SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256")["Signature"]
    assert signature == private.sign(b"m", padding.PKCS1v15(), hashes.SHA256())


def test_an_elliptic_key_is_imported_and_agrees(kms, make_key, import_material):
    key = make_key("ECC_NIST_P256", "KEY_AGREEMENT", Origin="EXTERNAL")["KeyId"]
    private, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    assert "KeyMaterialId" not in import_material(key, pkcs8(private))
    public = other.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    answer = kms.derive_shared_secret(KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=public)
    assert answer["SharedSecret"] == private.exchange(ec.ECDH(), other.public_key())
    assert answer["KeyOrigin"] == "EXTERNAL"


def test_material_has_to_be_what_the_spec_wants(kms, empty, make_key, import_material, refused):
    with refused("IncorrectKeyMaterialException"):
        import_material(empty, b"too short")
    elliptic = make_key("ECC_NIST_P256", "SIGN_VERIFY", Origin="EXTERNAL")["KeyId"]
    for wrong in (b"garbage", pkcs8(ec.generate_private_key(ec.SECP256K1()))):
        with refused("IncorrectKeyMaterialException"):
            import_material(elliptic, wrong)
    assert kms.describe_key(KeyId=empty)["KeyMetadata"]["KeyState"] == "PendingImport"


def test_only_keys_for_imported_material_take_it(kms, make_key, refused):
    key = make_key()
    expected = f"{key['Arn']} origin is AWS_KMS which is not valid for this operation."
    with refused("UnsupportedOperationException", expected):
        kms.get_parameters_for_import(
            KeyId=key["KeyId"], WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
        )
    with refused("UnsupportedOperationException", expected):
        kms.delete_imported_key_material(KeyId=key["KeyId"])


def test_the_old_wrapping_is_refused(kms, empty, refused):
    with refused("UnsupportedOperationException", "RSAES_PKCS1_V1_5"):
        kms.get_parameters_for_import(KeyId=empty, WrappingAlgorithm="RSAES_PKCS1_V1_5", WrappingKeySpec="RSA_2048")


# -- tokens


@pytest.fixture
def asked(kms, empty):
    return kms.get_parameters_for_import(
        KeyId=empty, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
    )


def give(kms, key, asked, wrapped=None, **params):
    wrapped = wrapped or wrap("RSAES_OAEP_SHA_256", asked["PublicKey"], MATERIAL)
    return kms.import_key_material(
        KeyId=key, ImportToken=asked["ImportToken"], EncryptedKeyMaterial=wrapped, **(params or FOREVER)
    )


def test_a_token_is_good_for_a_day(kms, empty, asked, clock, refused):
    assert asked["ParametersValidTo"].timestamp() == pytest.approx(clock.now() + 86_400, abs=60)
    clock.advance(days=1, seconds=1)
    with refused("ExpiredImportTokenException"):
        give(kms, empty, asked)


def test_a_token_is_good_for_its_key_and_its_wrapping(kms, empty, asked, make_key, refused):
    other = make_key(Origin="EXTERNAL")["KeyId"]
    with refused("InvalidImportTokenException"):
        give(kms, other, asked)
    with refused("InvalidImportTokenException"):
        give(kms, empty, {**asked, "ImportToken": b"x" * 32})
    with refused("InvalidCiphertextException"):
        give(kms, empty, asked, wrapped=b"garbage" * 30)


# -- expiry


def test_expired_material_is_gone_until_the_same_is_imported_again(kms, empty, import_material, clock, refused):
    import_material(empty, MATERIAL, ValidTo=clock.now() + 3600)
    described = kms.describe_key(KeyId=empty)["KeyMetadata"]
    assert described["ExpirationModel"] == "KEY_MATERIAL_EXPIRES"
    assert described["ValidTo"].timestamp() == pytest.approx(clock.now() + 3600, abs=60)
    blob = kms.encrypt(KeyId=empty, Plaintext=b"x")["CiphertextBlob"]
    clock.advance(seconds=3601)
    assert kms.describe_key(KeyId=empty)["KeyMetadata"]["KeyState"] == "PendingImport"
    with refused("KMSInvalidStateException", "pending import"):
        kms.decrypt(CiphertextBlob=blob)
    with refused("IncorrectKeyMaterialException"):
        import_material(empty, bytes(32))
    import_material(empty, MATERIAL)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_an_expiry_is_said_in_full_or_not_at_all(kms, empty, asked, clock, refused):
    with refused("ValidationException", "A validTo date must be set"):
        give(kms, empty, asked, ExpirationModel="KEY_MATERIAL_EXPIRES")
    with refused("ValidationException", "cannot be set"):
        give(kms, empty, asked, ValidTo=clock.now() + 60, **FOREVER)
    for away in (-60, 366 * 86_400):
        with refused("ValidationException", "in the future"):
            give(kms, empty, asked, ValidTo=clock.now() + away)


def test_deleted_material_makes_the_key_wait(kms, empty, import_material, refused):
    import_material(empty, MATERIAL)
    blob = kms.encrypt(KeyId=empty, Plaintext=b"x")["CiphertextBlob"]
    answer = kms.delete_imported_key_material(KeyId=empty)
    assert answer["KeyMaterialId"] == kms.describe_key(KeyId=empty)["KeyMetadata"]["CurrentKeyMaterialId"]
    assert kms.describe_key(KeyId=empty)["KeyMetadata"]["KeyState"] == "PendingImport"
    with refused("KMSInvalidStateException"):
        kms.decrypt(CiphertextBlob=blob)
    import_material(empty, MATERIAL)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_key_without_material_waits_again_when_its_deletion_is_cancelled(kms, empty, import_material):
    kms.schedule_key_deletion(KeyId=empty)
    kms.cancel_key_deletion(KeyId=empty)
    assert kms.describe_key(KeyId=empty)["KeyMetadata"]["KeyState"] == "PendingImport"
    import_material(empty, MATERIAL)
    assert kms.describe_key(KeyId=empty)["KeyMetadata"]["KeyState"] == "Enabled"


# -- rotating imported material


def test_new_material_becomes_current_with_the_next_rotation(kms, empty, import_material, clock, refused):
    first = import_material(empty, MATERIAL)["KeyMaterialId"]
    old = kms.encrypt(KeyId=empty, Plaintext=b"old")["CiphertextBlob"]
    with refused("KMSInvalidStateException"):
        kms.rotate_key_on_demand(KeyId=empty)
    second = import_material(empty, bytes(32), ImportType="NEW_KEY_MATERIAL", KeyMaterialDescription="second")
    states = {
        entry["KeyMaterialId"]: (entry["KeyMaterialState"], entry["ImportState"])
        for entry in kms.list_key_rotations(KeyId=empty, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    }
    assert states == {first: ("CURRENT", "IMPORTED"), second["KeyMaterialId"]: ("PENDING_ROTATION", "IMPORTED")}
    kms.rotate_key_on_demand(KeyId=empty)
    clock.advance(seconds=5)
    (rotation,) = kms.list_key_rotations(KeyId=empty)["Rotations"]
    assert rotation["KeyMaterialId"] == second["KeyMaterialId"]
    assert (rotation["RotationType"], rotation["KeyMaterialDescription"]) == ("ON_DEMAND", "second")
    new = kms.encrypt(KeyId=empty, Plaintext=b"new")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=new)["KeyMaterialId"] == second["KeyMaterialId"]
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"


def test_a_key_needs_all_the_material_that_it_used(kms, empty, import_material, clock):
    first = import_material(empty, MATERIAL)["KeyMaterialId"]
    import_material(empty, bytes(32), ImportType="NEW_KEY_MATERIAL")
    kms.rotate_key_on_demand(KeyId=empty)
    clock.advance(seconds=5)
    kms.delete_imported_key_material(KeyId=empty, KeyMaterialId=first)
    kms.delete_imported_key_material(KeyId=empty)
    import_material(empty, bytes(32))
    assert kms.describe_key(KeyId=empty)["KeyMetadata"]["KeyState"] == "PendingImport"
    import_material(empty, MATERIAL, KeyMaterialId=first)
    assert kms.describe_key(KeyId=empty)["KeyMetadata"]["KeyState"] == "Enabled"


def test_new_material_is_new_and_one_at_a_time(kms, empty, import_material, refused):
    first = import_material(empty, MATERIAL)["KeyMaterialId"]
    with refused("IncorrectKeyMaterialException"):
        import_material(empty, MATERIAL, ImportType="NEW_KEY_MATERIAL")
    with refused("ValidationException"):
        import_material(empty, bytes(32), ImportType="NEW_KEY_MATERIAL", KeyMaterialId=first)
    second = import_material(empty, bytes(32), ImportType="NEW_KEY_MATERIAL")["KeyMaterialId"]
    with refused("KMSInvalidStateException"):
        import_material(empty, b"\1" * 32, ImportType="NEW_KEY_MATERIAL")
    kms.delete_imported_key_material(KeyId=empty, KeyMaterialId=second)
    assert kms.describe_key(KeyId=empty)["KeyMetadata"]["KeyState"] == "Enabled"
    assert import_material(empty, b"\1" * 32, ImportType="NEW_KEY_MATERIAL")


def test_a_key_pair_is_imported_once(kms, make_key, import_material, refused):
    key = make_key("ECC_NIST_P256", "SIGN_VERIFY", Origin="EXTERNAL")["KeyId"]
    private = pkcs8(ec.generate_private_key(ec.SECP256R1()))
    import_material(key, private)
    with refused("IncorrectKeyMaterialException"):
        import_material(key, pkcs8(ec.generate_private_key(ec.SECP256R1())))
    with refused("ValidationException", "ImportType"):
        import_material(key, private, ImportType="NEW_KEY_MATERIAL")
    import_material(key, private)
