"""Deletion: a waiting period, and then for ever."""

import pytest


@pytest.fixture
def blob(kms, key):
    return kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]


def test_what_a_deleted_key_encrypted_stays_encrypted_for_ever(kms, key, blob, clock, refused):
    kms.create_alias(AliasName="alias/app", TargetKeyId=key)
    answer = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert (answer["KeyState"], answer["PendingWindowInDays"]) == ("PendingDeletion", 7)
    assert answer["DeletionDate"].timestamp() == pytest.approx(clock.now() + 7 * 86_400, abs=60)
    clock.advance(days=6, hours=23)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["DeletionDate"] == answer["DeletionDate"]
    clock.advance(hours=2)
    with refused("NotFoundException", "does not exist"):
        kms.describe_key(KeyId=key)
    with refused("NotFoundException"):
        kms.describe_key(KeyId="alias/app")
    with refused("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist"):
        kms.decrypt(CiphertextBlob=blob)
    with refused("NotFoundException"):
        kms.decrypt(CiphertextBlob=blob, KeyId=key)
    assert kms.list_keys()["Keys"] == []


def test_a_key_waits_thirty_days_by_default(kms, key):
    assert kms.schedule_key_deletion(KeyId=key)["PendingWindowInDays"] == 30


@pytest.mark.parametrize("days", [1, 6, 31])
def test_the_waiting_period_has_its_limits(kms, key, refused, days):
    with refused("ValidationException", "between 7 and 30"):
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=days)


def test_a_key_that_waits_cannot_be_used_or_changed_but_looked_at(kms, make_key, refused):
    key = make_key()
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    kms.schedule_key_deletion(KeyId=key["KeyId"])
    uses = (
        lambda: kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x"),
        lambda: kms.decrypt(CiphertextBlob=blob),
        lambda: kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256"),
        lambda: kms.enable_key(KeyId=key["KeyId"]),
        lambda: kms.disable_key(KeyId=key["KeyId"]),
        lambda: kms.schedule_key_deletion(KeyId=key["KeyId"]),
        lambda: kms.enable_key_rotation(KeyId=key["KeyId"]),
        lambda: kms.update_key_description(KeyId=key["KeyId"], Description="x"),
        lambda: kms.create_alias(AliasName="alias/x", TargetKeyId=key["KeyId"]),
        lambda: kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "a", "TagValue": "b"}]),
    )
    for use in uses:
        with refused("KMSInvalidStateException", f"{key['Arn']} is pending deletion."):
            use()
    assert kms.get_key_policy(KeyId=key["KeyId"])["Policy"]
    assert kms.list_resource_tags(KeyId=key["KeyId"])["Tags"] == []


def test_a_deletion_can_be_cancelled(kms, make_key, clock, refused):
    key = make_key()
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    assert kms.cancel_key_deletion(KeyId=key["KeyId"])["KeyId"] == key["Arn"]
    clock.advance(days=8)
    described = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert described["KeyState"] == "Disabled"
    assert "DeletionDate" not in described
    with refused("KMSInvalidStateException", "is not pending deletion."):
        kms.cancel_key_deletion(KeyId=key["KeyId"])
    kms.enable_key(KeyId=key["KeyId"])
    assert kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_a_disabled_key_can_be_deleted_too(kms, key, clock, refused):
    kms.disable_key(KeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    clock.advance(days=8)
    with refused("NotFoundException"):
        kms.enable_key(KeyId=key)
