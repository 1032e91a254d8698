"""Multi-Region keys: one key in several regions."""

import json

import pytest

MATERIAL = bytes(range(32))


@pytest.fixture
def europe(aws):
    return aws("kms", region="eu-west-1")


@pytest.fixture
def primary(make_key):
    return make_key(MultiRegion=True)


@pytest.fixture
def replica(kms, primary, clock):
    """A replica in eu-west-1, ready."""
    answer = kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-west-1")
    clock.advance(seconds=5)
    return answer["ReplicaKeyMetadata"]


def state(client, key):
    return client.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"]


def test_a_multi_region_key_has_an_id_of_its_own_kind(aws, primary):
    assert primary["KeyId"].startswith("mrk-")
    assert len(primary["KeyId"]) == 36
    configuration = primary["MultiRegionConfiguration"]
    assert configuration["MultiRegionKeyType"] == "PRIMARY"
    assert configuration["PrimaryKey"] == {"Arn": primary["Arn"], "Region": "us-east-1"}
    assert configuration["ReplicaKeys"] == []


def test_a_replica_is_created_and_then_enabled(aws, kms, europe, primary, clock, refused):
    answer = kms.replicate_key(
        KeyId=primary["KeyId"],
        ReplicaRegion="eu-west-1",
        Description="replica",
        Tags=[{"TagKey": "a", "TagValue": "b"}],
    )
    made = answer["ReplicaKeyMetadata"]
    assert made["Arn"] == f"arn:aws:kms:eu-west-1:{aws.account}:key/{primary['KeyId']}"
    assert (made["KeyState"], made["Description"]) == ("Creating", "replica")
    assert json.loads(answer["ReplicaPolicy"])["Id"] == "key-default-1"
    assert answer["ReplicaTags"] == [{"TagKey": "a", "TagValue": "b"}]
    with refused("KMSInvalidStateException", "is creating."):
        europe.encrypt(KeyId=made["KeyId"], Plaintext=b"x")
    clock.advance(seconds=5)
    assert state(europe, made) == "Enabled"
    replicas = [{"Arn": made["Arn"], "Region": "eu-west-1"}]
    for client, kind in ((kms, "PRIMARY"), (europe, "REPLICA")):
        configuration = client.describe_key(KeyId=made["KeyId"])["KeyMetadata"]["MultiRegionConfiguration"]
        assert (configuration["MultiRegionKeyType"], configuration["ReplicaKeys"]) == (kind, replicas)


def test_each_region_decrypts_what_the_other_encrypted(kms, europe, primary, replica):
    there = kms.encrypt(KeyId=primary["KeyId"], Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
    assert europe.decrypt(CiphertextBlob=there, EncryptionContext={"a": "b"})["KeyId"] == replica["Arn"]
    back = europe.encrypt(KeyId=replica["KeyId"], Plaintext=b"y")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=back)["Plaintext"] == b"y"


def test_a_replica_signs_with_the_same_key(kms, europe, make_key, clock):
    key = make_key("ECC_NIST_P256", "SIGN_VERIFY", MultiRegion=True)["KeyId"]
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    clock.advance(seconds=5)
    assert europe.get_public_key(KeyId=key)["PublicKey"] == kms.get_public_key(KeyId=key)["PublicKey"]


def test_state_policy_and_aliases_are_each_regions_own(kms, europe, primary, replica):
    europe.disable_key(KeyId=replica["KeyId"])
    assert (state(kms, primary), state(europe, replica)) == ("Enabled", "Disabled")
    europe.create_alias(AliasName="alias/app", TargetKeyId=replica["KeyId"])
    assert kms.list_aliases(KeyId=primary["KeyId"])["Aliases"] == []


def test_a_rotation_of_the_primary_rotates_all(kms, europe, primary, replica, clock, refused):
    old = europe.encrypt(KeyId=replica["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    kms.enable_key_rotation(KeyId=primary["KeyId"], RotationPeriodInDays=90)
    assert europe.get_key_rotation_status(KeyId=replica["KeyId"])["RotationPeriodInDays"] == 90
    for operation in (europe.enable_key_rotation, europe.disable_key_rotation, europe.rotate_key_on_demand):
        with refused("UnsupportedOperationException", "is not a multi-Region primary key"):
            operation(KeyId=replica["KeyId"])
    clock.advance(days=91)
    here, there = (client.list_key_rotations(KeyId=primary["KeyId"])["Rotations"] for client in (kms, europe))
    assert len(here) == 1
    assert here == there
    new = europe.encrypt(KeyId=replica["KeyId"], Plaintext=b"y")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=new)["KeyMaterialId"] == here[0]["KeyMaterialId"]
    assert europe.decrypt(CiphertextBlob=old)["Plaintext"] == b"x"


def test_only_a_primary_is_replicated_and_once_per_region(kms, europe, key, primary, replica, refused):
    with refused("AlreadyExistsException"):
        kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-west-1")
    with refused("UnsupportedOperationException", "is not a multi-Region primary key"):
        kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    with refused("UnsupportedOperationException"):
        europe.replicate_key(KeyId=replica["KeyId"], ReplicaRegion="eu-central-1")
    kms.disable_key(KeyId=primary["KeyId"])
    with refused("DisabledException"):
        kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-central-1")


def test_replicating_takes_permission_in_both_regions(aws, primary, make_user, refused):
    here = f"arn:aws:kms:us-east-1:{aws.account}:key/*"
    _, user = make_user("kms:ReplicateKey", resource=here)
    with refused("AccessDeniedException", "kms:CreateKey"):
        user.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-west-1")


# -- the primary's region


def test_a_replica_becomes_the_primary(kms, europe, primary, replica, clock):
    kms.update_primary_region(KeyId=primary["KeyId"], PrimaryRegion="eu-west-1")
    assert (state(kms, primary), state(europe, replica)) == ("Updating", "Updating")
    assert kms.encrypt(KeyId=primary["KeyId"], Plaintext=b"x")
    clock.advance(seconds=5)
    assert (state(kms, primary), state(europe, replica)) == ("Enabled", "Enabled")
    configuration = kms.describe_key(KeyId=primary["KeyId"])["KeyMetadata"]["MultiRegionConfiguration"]
    assert configuration["MultiRegionKeyType"] == "REPLICA"
    assert configuration["PrimaryKey"]["Region"] == "eu-west-1"
    assert [entry["Region"] for entry in configuration["ReplicaKeys"]] == ["us-east-1"]
    europe.replicate_key(KeyId=replica["KeyId"], ReplicaRegion="eu-central-1")


def test_rotation_moves_with_the_primary(kms, europe, primary, replica, clock):
    kms.enable_key_rotation(KeyId=primary["KeyId"], RotationPeriodInDays=90)
    kms.update_primary_region(KeyId=primary["KeyId"], PrimaryRegion="eu-west-1")
    clock.advance(days=91)
    assert len(kms.list_key_rotations(KeyId=primary["KeyId"])["Rotations"]) == 1


def test_the_primary_moves_only_to_a_replica(kms, europe, primary, replica, refused):
    for region in ("us-east-1", "eu-central-1"):
        with refused("NotFoundException", "no replica key"):
            kms.update_primary_region(KeyId=primary["KeyId"], PrimaryRegion=region)
    with refused("UnsupportedOperationException"):
        europe.update_primary_region(KeyId=replica["KeyId"], PrimaryRegion="us-east-1")


# -- deletion


def test_a_primary_is_deleted_after_its_last_replica(kms, europe, primary, replica, clock, refused):
    answer = kms.schedule_key_deletion(KeyId=primary["KeyId"], PendingWindowInDays=7)
    assert answer["KeyState"] == "PendingReplicaDeletion"
    assert "DeletionDate" not in answer
    with refused("KMSInvalidStateException", "is pending replica deletion."):
        kms.encrypt(KeyId=primary["KeyId"], Plaintext=b"x")
    clock.advance(days=30)
    described = kms.describe_key(KeyId=primary["KeyId"])["KeyMetadata"]
    assert (described["KeyState"], described["PendingDeletionWindowInDays"]) == ("PendingReplicaDeletion", 7)
    europe.schedule_key_deletion(KeyId=replica["KeyId"], PendingWindowInDays=10)
    clock.advance(days=10, hours=1)
    with refused("NotFoundException"):
        europe.describe_key(KeyId=replica["KeyId"])
    assert state(kms, primary) == "PendingDeletion"
    clock.advance(days=7)
    with refused("NotFoundException"):
        kms.describe_key(KeyId=primary["KeyId"])


def test_a_deleted_replica_leaves_the_others_alone(kms, europe, primary, replica, clock):
    blob = europe.encrypt(KeyId=replica["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    europe.schedule_key_deletion(KeyId=replica["KeyId"], PendingWindowInDays=7)
    clock.advance(days=8)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    configuration = kms.describe_key(KeyId=primary["KeyId"])["KeyMetadata"]["MultiRegionConfiguration"]
    assert configuration["ReplicaKeys"] == []
    assert kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-west-1")


# -- imported material


def test_a_replica_is_given_the_primarys_imported_material(kms, europe, make_key, import_material, clock, refused):
    key = make_key(Origin="EXTERNAL", MultiRegion=True)["KeyId"]
    first = import_material(key, MATERIAL)["KeyMaterialId"]
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    clock.advance(seconds=5)
    assert europe.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"
    with refused("IncorrectKeyMaterialException"):
        import_material(key, bytes(32), by=europe)
    assert import_material(key, MATERIAL, by=europe)["KeyMaterialId"] == first
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert europe.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_new_material_rotates_when_every_region_has_it(kms, europe, make_key, import_material, clock, refused):
    key = make_key(Origin="EXTERNAL", MultiRegion=True)["KeyId"]
    import_material(key, MATERIAL)
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    clock.advance(seconds=5)
    import_material(key, MATERIAL, by=europe)
    with refused("UnsupportedOperationException"):
        import_material(key, bytes(32), by=europe, ImportType="NEW_KEY_MATERIAL")
    second = import_material(key, bytes(32), ImportType="NEW_KEY_MATERIAL")["KeyMaterialId"]
    every = kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert every[-1]["KeyMaterialState"] == "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
    with refused("KMSInvalidStateException"):
        kms.rotate_key_on_demand(KeyId=key)
    import_material(key, bytes(32), by=europe)
    kms.rotate_key_on_demand(KeyId=key)
    clock.advance(seconds=5)
    blob = europe.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["KeyMaterialId"] == second
