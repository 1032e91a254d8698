"""Tables under KMS keys."""

from __future__ import annotations

import json

import pytest

from tests.services.dynamodb.helpers import refusal, s


@pytest.fixture
def kms(aws):
    return aws("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


def by(key):
    return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}


@pytest.fixture
def sealed(make_table, key):
    return make_table("sealed", SSESpecification=by(key))


def described(ddb, table="sealed"):
    return ddb.describe_table(TableName=table)["Table"]


def test_a_table_is_under_dynamodbs_own_key_by_default(ddb, table):
    assert "SSEDescription" not in described(ddb, table)


def test_without_a_key_it_is_that_of_aws(ddb, kms, make_table):
    make_table("sealed", SSESpecification={"Enabled": True})
    shown = described(ddb)["SSEDescription"]
    assert (shown["Status"], shown["SSEType"]) == ("ENABLED", "KMS")
    metadata = kms.describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]
    assert shown["KMSMasterKeyArn"] == metadata["Arn"]
    ddb.put_item(TableName="sealed", Item={"pk": s("a")})


@pytest.mark.parametrize("name", ["arn", "id", "alias"])
def test_a_key_is_named_by_arn_id_or_alias(ddb, kms, make_table, key, name):
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    named = {"arn": key, "id": key.rpartition("/")[2], "alias": "alias/mine"}[name]
    make_table("sealed", SSESpecification=by(named))
    assert described(ddb)["SSEDescription"]["KMSMasterKeyArn"] == key
    ddb.put_item(TableName="sealed", Item={"pk": s("a")})
    assert ddb.scan(TableName="sealed")["Count"] == 1


def test_dynamodb_gets_a_grant_for_the_key_and_gives_it_back(ddb, kms, key, sealed, clock):
    grant = kms.list_grants(KeyId=key)["Grants"][0]
    assert grant["GranteePrincipal"] == "dynamodb.amazonaws.com"
    assert grant["Constraints"]["EncryptionContextSubset"]["aws:dynamodb:tableName"] == sealed
    ddb.delete_table(TableName=sealed)
    clock.advance(seconds=1)
    assert kms.list_grants(KeyId=key)["Grants"] == []


def test_the_key_can_be_changed_and_given_up(ddb, kms, key, sealed, clock):
    other = kms.create_key()["KeyMetadata"]["Arn"]
    ddb.update_table(TableName=sealed, SSESpecification=by(other))
    clock.advance(seconds=1)
    assert described(ddb)["SSEDescription"]["KMSMasterKeyArn"] == other
    assert kms.list_grants(KeyId=key)["Grants"] == []
    ddb.update_table(TableName=sealed, SSESpecification={"Enabled": False})
    clock.advance(seconds=1)
    assert "SSEDescription" not in described(ddb)
    assert kms.list_grants(KeyId=other)["Grants"] == []


def test_items_of_a_table_with_a_disabled_key_are_out_of_reach(ddb, kms, key, sealed):
    ddb.put_item(TableName=sealed, Item={"pk": s("a")})
    kms.disable_key(KeyId=key)
    for call in (
        lambda: ddb.get_item(TableName=sealed, Key={"pk": s("a")}),
        lambda: ddb.put_item(TableName=sealed, Item={"pk": s("b")}),
        lambda: ddb.scan(TableName=sealed),
        lambda: ddb.transact_write_items(TransactItems=[{"Put": {"TableName": sealed, "Item": {"pk": s("b")}}}]),
        lambda: ddb.batch_get_item(RequestItems={sealed: {"Keys": [{"pk": s("a")}]}}),
        lambda: ddb.execute_statement(Statement="SELECT * FROM sealed"),
    ):
        with refusal("AccessDeniedException") as refused:
            call()
        assert "disabled" in refused.message
    kms.enable_key(KeyId=key)
    assert ddb.get_item(TableName=sealed, Key={"pk": s("a")})["Item"]


def test_a_table_with_a_lost_key_says_so(ddb, kms, key, sealed):
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    shown = described(ddb)
    assert shown["TableStatus"] == "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
    lost = shown["SSEDescription"]["InaccessibleEncryptionDateTime"]
    assert described(ddb)["SSEDescription"]["InaccessibleEncryptionDateTime"] == lost
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    shown = described(ddb)
    assert shown["TableStatus"] == "ACTIVE"
    assert "InaccessibleEncryptionDateTime" not in shown["SSEDescription"]


def test_who_may_not_use_the_key_may_not_read_the_table(aws, ddb, kms, key, sealed):
    iam = aws("iam")
    iam.create_user(UserName="u")
    statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps(document))
    user = aws("dynamodb", credentials=iam.create_access_key(UserName="u")["AccessKey"])
    with refusal("AccessDeniedException") as refused:
        user.get_item(TableName=sealed, Key={"pk": s("a")})
    assert "kms:Decrypt" in refused.message
    statement["Action"] = ["dynamodb:*", "kms:Decrypt"]
    statement["Condition"] = {"StringEquals": {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}}
    document["Statement"].append({"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps(document))
    assert "Item" not in user.get_item(TableName=sealed, Key={"pk": s("a")})


@pytest.mark.parametrize(
    "specification",
    [
        {"Enabled": False, "KMSMasterKeyId": "alias/mine"},
        {"Enabled": True, "SSEType": "AES256"},
        {"Enabled": True, "KMSMasterKeyId": "alias/not-there"},
    ],
)
def test_a_key_has_to_be_there_and_wanted(ddb, make_table, specification):
    with refusal():
        make_table("sealed", SSESpecification=specification)
    assert ddb.list_tables()["TableNames"] == []


def test_a_disabled_or_unfit_key_is_refused(kms, key, make_table):
    kms.disable_key(KeyId=key)
    with refusal():
        make_table("sealed", SSESpecification=by(key))
    signing = kms.create_key(KeyUsage="GENERATE_VERIFY_MAC", KeySpec="HMAC_256")["KeyMetadata"]["Arn"]
    with refusal():
        make_table("sealed", SSESpecification=by(signing))


def test_a_replica_needs_a_key_of_its_region(aws, ddb, sealed, clock):
    there = aws("kms", region="eu-west-1").create_key()["KeyMetadata"]["Arn"]
    with refusal(
        message="One or more parameter values were invalid: KMSMasterKeyId must be specified for each replica."
    ):
        ddb.update_table(TableName=sealed, ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    create = {"RegionName": "eu-west-1", "KMSMasterKeyId": there}
    ddb.update_table(TableName=sealed, ReplicaUpdates=[{"Create": create}])
    clock.advance(seconds=1)
    replica = described(aws("dynamodb", region="eu-west-1"))
    assert replica["SSEDescription"]["KMSMasterKeyArn"] == there
    assert described(ddb)["Replicas"][0]["KMSMasterKeyId"] == there


def test_a_restored_table_has_the_key_of_its_source_or_another(ddb, kms, key, sealed, clock):
    arn = ddb.create_backup(TableName=sealed, BackupName="last")["BackupDetails"]["BackupArn"]
    clock.advance(seconds=1)
    ddb.restore_table_from_backup(TargetTableName="same", BackupArn=arn)
    other = kms.create_key()["KeyMetadata"]["Arn"]
    ddb.restore_table_from_backup(TargetTableName="other", BackupArn=arn, SSESpecificationOverride=by(other))
    assert described(ddb, "same")["SSEDescription"]["KMSMasterKeyArn"] == key
    assert described(ddb, "other")["SSEDescription"]["KMSMasterKeyArn"] == other
