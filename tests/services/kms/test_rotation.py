"""Rotation: new material for what comes, the old for what was."""

import pytest

DAY = 86_400


def rotations(kms, key, **which):
    return kms.list_key_rotations(KeyId=key, **which)["Rotations"]


def test_what_was_encrypted_before_a_rotation_is_still_decrypted(kms, key, clock):
    kms.enable_key_rotation(KeyId=key)
    blobs = []
    for year in range(3):
        blobs.append(kms.encrypt(KeyId=key, Plaintext=f"year {year}".encode())["CiphertextBlob"])
        clock.advance(days=365, hours=1)
    decrypted = [kms.decrypt(CiphertextBlob=blob) for blob in blobs]
    assert [answer["Plaintext"] for answer in decrypted] == [b"year 0", b"year 1", b"year 2"]
    used = [answer["KeyMaterialId"] for answer in decrypted]
    assert len(set(used)) == 3
    assert [entry["RotationType"] for entry in rotations(kms, key)] == ["AUTOMATIC"] * 3
    every = rotations(kms, key, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    assert [entry["KeyMaterialId"] for entry in every][:3] == used
    assert [entry["KeyMaterialState"] for entry in every] == ["NON_CURRENT"] * 3 + ["CURRENT"]
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"] == every[-1]["KeyMaterialId"]


def test_the_period_can_be_chosen_and_changed(kms, key, clock):
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    status = kms.get_key_rotation_status(KeyId=key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 90)
    assert status["NextRotationDate"].timestamp() == pytest.approx(clock.now() + 90 * DAY, abs=60)
    clock.advance(days=60)
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=100)
    clock.advance(days=99)
    assert rotations(kms, key) == []
    clock.advance(days=2)
    assert len(rotations(kms, key)) == 1


@pytest.mark.parametrize("days", [2561, 3000])
def test_the_period_has_its_limits(kms, key, refused, days):
    with refused("ValidationException"):
        kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=days)


def test_rotation_is_off_by_default_and_can_be_switched_off(kms, key, clock):
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key)
    kms.disable_key_rotation(KeyId=key)
    assert "NextRotationDate" not in kms.get_key_rotation_status(KeyId=key)
    clock.advance(days=400)
    assert rotations(kms, key) == []


def test_a_disabled_key_makes_up_for_its_rotation_when_it_is_enabled(kms, key, clock):
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    kms.disable_key(KeyId=key)
    clock.advance(days=100)
    assert rotations(kms, key) == []
    kms.enable_key(KeyId=key)
    (rotation,) = rotations(kms, key)
    assert rotation["RotationDate"].timestamp() == pytest.approx(clock.now(), abs=60)
    next_date = kms.get_key_rotation_status(KeyId=key)["NextRotationDate"].timestamp()
    assert next_date == pytest.approx(clock.now() + 90 * DAY, abs=60)


def test_a_key_that_is_to_be_deleted_does_not_rotate(kms, key, clock, refused):
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    kms.schedule_key_deletion(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    with refused("KMSInvalidStateException", "pending deletion"):
        kms.disable_key_rotation(KeyId=key)
    kms.cancel_key_deletion(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True


def test_only_symmetric_keys_rotate(kms, make_key, refused):
    for spec, usage in (("ECC_NIST_P256", "SIGN_VERIFY"), ("HMAC_256", "GENERATE_VERIFY_MAC")):
        key = make_key(spec, usage)["KeyId"]
        for operation in (
            kms.enable_key_rotation,
            kms.disable_key_rotation,
            kms.rotate_key_on_demand,
            kms.list_key_rotations,
        ):
            with refused("UnsupportedOperationException"):
                operation(KeyId=key)
        assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False


# -- on demand


def test_a_rotation_on_demand_takes_a_moment(kms, key, clock):
    old = kms.encrypt(KeyId=key, Plaintext=b"x")
    kms.enable_key_rotation(KeyId=key)
    planned = kms.get_key_rotation_status(KeyId=key)["NextRotationDate"]
    assert kms.rotate_key_on_demand(KeyId=key)["KeyId"] == key
    assert "OnDemandRotationStartDate" in kms.get_key_rotation_status(KeyId=key)
    clock.advance(seconds=5)
    status = kms.get_key_rotation_status(KeyId=key)
    assert "OnDemandRotationStartDate" not in status
    assert status["NextRotationDate"] == planned
    (rotation,) = rotations(kms, key)
    assert rotation["RotationType"] == "ON_DEMAND"
    new = kms.decrypt(CiphertextBlob=kms.encrypt(KeyId=key, Plaintext=b"y")["CiphertextBlob"])
    assert new["KeyMaterialId"] == rotation["KeyMaterialId"]
    assert kms.decrypt(CiphertextBlob=old["CiphertextBlob"])["Plaintext"] == b"x"


def test_one_rotation_at_a_time_and_none_before_an_automatic_one(kms, key, clock, refused):
    kms.rotate_key_on_demand(KeyId=key)
    with refused("ConflictException"):
        kms.rotate_key_on_demand(KeyId=key)
    clock.advance(seconds=5)
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    clock.advance(days=90, minutes=-10)
    with refused("ConflictException"):
        kms.rotate_key_on_demand(KeyId=key)


def test_a_key_rotates_on_demand_up_to_25_times(kms, key, clock, refused):
    for _ in range(25):
        kms.rotate_key_on_demand(KeyId=key)
        clock.advance(seconds=2)
    with refused("LimitExceededException"):
        kms.rotate_key_on_demand(KeyId=key)
    pages = list(kms.get_paginator("list_key_rotations").paginate(KeyId=key, PaginationConfig={"PageSize": 10}))
    assert [len(page["Rotations"]) for page in pages] == [10, 10, 5]


def test_a_disabled_key_does_not_rotate_on_demand(kms, key, refused):
    kms.disable_key(KeyId=key)
    with refused("DisabledException"):
        kms.rotate_key_on_demand(KeyId=key)
