"""Keys: creating, describing, listing, switching off and on."""

import uuid

import pytest


def test_a_key_is_described_in_full(aws, kms):
    tags = [{"TagKey": "team", "TagValue": "a"}]
    created = kms.create_key(Description="for tests", Tags=tags)["KeyMetadata"]
    described = kms.describe_key(KeyId=created["KeyId"])["KeyMetadata"]
    assert described == created
    assert described.pop("CreationDate")
    assert len(described.pop("CurrentKeyMaterialId")) == 64
    key_id = described["KeyId"]
    assert str(uuid.UUID(key_id)) == key_id
    assert described == {
        "AWSAccountId": aws.account,
        "KeyId": key_id,
        "Arn": f"arn:aws:kms:us-east-1:{aws.account}:key/{key_id}",
        "Enabled": True,
        "Description": "for tests",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": "Enabled",
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": False,
    }


@pytest.mark.parametrize(
    ("spec", "usage", "member", "algorithms"),
    [
        ("RSA_2048", "ENCRYPT_DECRYPT", "EncryptionAlgorithms", {"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"}),
        ("ECC_NIST_P384", "SIGN_VERIFY", "SigningAlgorithms", {"ECDSA_SHA_384"}),
        ("ECC_NIST_P256", "KEY_AGREEMENT", "KeyAgreementAlgorithms", {"ECDH"}),
        ("HMAC_512", "GENERATE_VERIFY_MAC", "MacAlgorithms", {"HMAC_SHA_512"}),
        ("ML_KEM_768", "ENCAPSULATE_DECAPSULATE", "EncapsulationAlgorithms", {"ML_KEM"}),
    ],
)
def test_a_key_says_by_which_algorithms_it_can_be_used(make_key, spec, usage, member, algorithms):
    key = make_key(spec, usage)
    assert set(key[member]) == algorithms
    assert "CurrentKeyMaterialId" not in key


@pytest.mark.parametrize(
    ("spec", "usage"),
    [
        ("SYMMETRIC_DEFAULT", "SIGN_VERIFY"),
        ("HMAC_256", "ENCRYPT_DECRYPT"),
        ("RSA_2048", "KEY_AGREEMENT"),
        ("ECC_NIST_P256", "ENCRYPT_DECRYPT"),
        ("ECC_SECG_P256K1", "KEY_AGREEMENT"),
        ("ML_DSA_44", "ENCAPSULATE_DECAPSULATE"),
    ],
)
def test_a_usage_that_the_spec_does_not_have_is_refused(make_key, refused, spec, usage):
    with refused("ValidationException", f"KeyUsage {usage} is not compatible with KeySpec {spec}"):
        make_key(spec, usage)


def test_only_a_symmetric_key_has_a_usage_by_default(kms, refused):
    with refused("ValidationException", "You must specify a KeyUsage value"):
        kms.create_key(KeySpec="RSA_2048")


def test_the_old_name_of_the_spec_goes_too_but_not_both(kms, refused):
    key = kms.create_key(CustomerMasterKeySpec="HMAC_224", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    assert key["KeySpec"] == "HMAC_224"
    with refused("ValidationException", "CustomerMasterKeySpec is deprecated"):
        kms.create_key(CustomerMasterKeySpec="HMAC_224", KeySpec="HMAC_224", KeyUsage="GENERATE_VERIFY_MAC")


def test_sm2_is_for_china_and_ml_kem_512_for_a_library_that_has_it(make_key, refused):
    with refused("UnsupportedOperationException", "SM2 is not supported in region us-east-1"):
        make_key("SM2", "SIGN_VERIFY")
    with refused("UnsupportedOperationException", "ML_KEM_512"):
        make_key("ML_KEM_512", "ENCAPSULATE_DECAPSULATE")


# -- naming keys


def test_a_key_is_found_by_id_arn_alias_and_alias_arn(aws, kms, make_key):
    key = make_key()
    kms.create_alias(AliasName="alias/team/key", TargetKeyId=key["KeyId"])
    alias_arn = f"arn:aws:kms:us-east-1:{aws.account}:alias/team/key"
    for name in (key["KeyId"], key["Arn"], "alias/team/key", alias_arn):
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["Arn"] == key["Arn"]


def test_names_of_no_key_are_refused_each_in_its_way(aws, kms, refused):
    missing = str(uuid.uuid4())
    with refused("NotFoundException", f"Key 'arn:aws:kms:us-east-1:{aws.account}:key/{missing}' does not exist"):
        kms.describe_key(KeyId=missing)
    with refused("NotFoundException", f"Alias arn:aws:kms:us-east-1:{aws.account}:alias/none is not found."):
        kms.describe_key(KeyId="alias/none")
    with refused("NotFoundException", "Invalid keyId 'nonsense'"):
        kms.describe_key(KeyId="nonsense")
    with refused("InvalidArnException"):
        kms.describe_key(KeyId="arn:aws:s3:::bucket")
    with refused("NotFoundException", "Invalid arn eu-west-1"):
        kms.describe_key(KeyId=f"arn:aws:kms:eu-west-1:{aws.account}:key/{missing}")


def test_keys_are_managed_by_id_not_by_alias(kms, key, refused):
    kms.create_alias(AliasName="alias/a", TargetKeyId=key)
    with refused("NotFoundException", "Invalid keyId 'alias/a'"):
        kms.disable_key(KeyId="alias/a")


def test_keys_of_accounts_and_regions_never_meet(aws, kms, key, refused):
    for other in (aws("kms", region="eu-west-1"), aws("kms", account="111111111111")):
        assert key not in [entry["KeyId"] for entry in other.list_keys()["Keys"]]
        with refused("NotFoundException"):
            other.describe_key(KeyId=key)


# -- lists


def test_all_keys_are_listed_page_by_page(kms, make_key):
    made = {make_key()["Arn"] for _ in range(5)}
    pages = list(kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2}))
    assert {entry["KeyArn"] for page in pages for entry in page["Keys"]} == made
    assert [page["Truncated"] for page in pages] == [True, True, False]


def test_a_marker_that_was_not_given_out_is_refused(kms, key, refused):
    for operation in (kms.list_keys, kms.list_aliases):
        with refused("InvalidMarkerException"):
            operation(Marker="garbage")
    for operation in (kms.list_grants, kms.list_key_policies, kms.list_key_rotations, kms.list_resource_tags):
        with refused("InvalidMarkerException"):
            operation(KeyId=key, Marker="garbage")


def test_nobody_shares_keys_through_ram(kms, key):
    assert kms.list_keys(ResourceOwners=["OTHER_ACCOUNTS_VIA_RAM"])["Keys"] == []
    assert len(kms.list_keys(ResourceOwners=["OTHER_ACCOUNTS_VIA_RAM", "SELF"])["Keys"]) == 1


# -- switching


def test_a_disabled_key_cannot_be_used_until_it_is_enabled(kms, make_key, refused):
    key = make_key()
    kms.disable_key(KeyId=key["KeyId"])
    described = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert (described["Enabled"], described["KeyState"]) == (False, "Disabled")
    with refused("DisabledException", f"{key['Arn']} is disabled."):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    kms.enable_key(KeyId=key["KeyId"])
    assert kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]


def test_a_description_is_changed(kms, key):
    kms.update_key_description(KeyId=key, Description="other")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "other"


# -- last use


def test_a_key_knows_when_it_was_last_used(kms, key, clock):
    unused = kms.get_key_last_usage(KeyId=key)
    assert unused["KeyLastUsage"] == {}
    assert unused["TrackingStartDate"] == unused["KeyCreationDate"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    first = kms.get_key_last_usage(KeyId=key)["KeyLastUsage"]
    assert first["Operation"] == "Encrypt"
    clock.advance(hours=1)
    answer = kms.decrypt(CiphertextBlob=blob)
    last = kms.get_key_last_usage(KeyId=key)["KeyLastUsage"]
    assert (last["Operation"], last["KmsRequestId"]) == ("Decrypt", answer["ResponseMetadata"]["RequestId"])
    assert (last["Timestamp"] - first["Timestamp"]).total_seconds() >= 3600


# -- custom key stores


def test_there_are_no_custom_key_stores(kms, refused):
    assert kms.describe_custom_key_stores()["CustomKeyStores"] == []
    for operation in (
        kms.describe_custom_key_stores,
        kms.connect_custom_key_store,
        kms.disconnect_custom_key_store,
        kms.update_custom_key_store,
        kms.delete_custom_key_store,
    ):
        with refused("CustomKeyStoreNotFoundException"):
            operation(CustomKeyStoreId="cks-1234567890abcdef0")
    with refused("CustomKeyStoreNotFoundException"):
        kms.create_key(Origin="AWS_CLOUDHSM", CustomKeyStoreId="cks-1234567890abcdef0")
    with refused("CustomKeyStoreNotFoundException"):
        kms.generate_random(NumberOfBytes=1, CustomKeyStoreId="cks-1234567890abcdef0")


def test_what_needs_hardware_is_refused(kms, refused):
    store = {"CustomKeyStoreName": "store", "KeyStorePassword": "password", "TrustAnchorCertificate": "certificate"}
    with refused("CloudHsmClusterNotFoundException"):
        kms.create_custom_key_store(CloudHsmClusterId="cluster-2a34b5cdefg", **store)
    with refused("ValidationException", "You must specify CloudHsmClusterId"):
        kms.create_custom_key_store(**store)


def test_a_key_store_belongs_to_its_origin(kms, refused):
    with refused("ValidationException", "CustomKeyStoreId is not valid"):
        kms.create_key(CustomKeyStoreId="cks-1234567890abcdef0")
    with refused("ValidationException", "You must specify a CustomKeyStoreId"):
        kms.create_key(Origin="EXTERNAL_KEY_STORE", XksKeyId="key")
