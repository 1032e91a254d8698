"""Resource policies of tables and streams, and what they let other accounts do."""

from __future__ import annotations

import json

import pytest

from fogbank.testing.clients import fresh_account
from tests.services.dynamodb.helpers import n, refusal, s


def allow(principal, *actions, resource, effect="Allow"):
    statement = {"Effect": effect, "Principal": {"AWS": principal}, "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def arn(ddb, table):
    return ddb.describe_table(TableName=table)["Table"]["TableArn"]


@pytest.fixture
def other():
    return fresh_account()


@pytest.fixture
def guest(aws, other):
    """The root of another account."""
    return aws("dynamodb", account=other)


def test_a_policy_is_put_got_and_deleted(ddb, arn, other):
    policy = allow(other, "dynamodb:GetItem", resource=arn)
    revision = ddb.put_resource_policy(ResourceArn=arn, Policy=policy)["RevisionId"]
    answer = ddb.get_resource_policy(ResourceArn=arn)
    assert (answer["Policy"], answer["RevisionId"]) == (policy, revision)
    assert ddb.put_resource_policy(ResourceArn=arn, Policy=policy)["RevisionId"] == revision
    assert ddb.delete_resource_policy(ResourceArn=arn)["RevisionId"] == revision
    with refusal("PolicyNotFoundException"):
        ddb.get_resource_policy(ResourceArn=arn)
    assert "RevisionId" not in ddb.delete_resource_policy(ResourceArn=arn)


def test_a_policy_can_be_expected(ddb, arn, other):
    policy = allow(other, "dynamodb:GetItem", resource=arn)
    with refusal("PolicyNotFoundException"):
        ddb.put_resource_policy(ResourceArn=arn, Policy=policy, ExpectedRevisionId="1")
    revision = ddb.put_resource_policy(ResourceArn=arn, Policy=policy, ExpectedRevisionId="NO_POLICY")["RevisionId"]
    with refusal("PolicyNotFoundException"):
        ddb.put_resource_policy(ResourceArn=arn, Policy=policy, ExpectedRevisionId="NO_POLICY")
    with refusal("PolicyNotFoundException"):
        ddb.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId="1")
    ddb.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=revision)


@pytest.mark.parametrize("policy", ["{", '{"Version": "2012-10-17"}', '{"Statement": [{"Effect": "Maybe"}]}'])
def test_a_malformed_policy_is_refused(ddb, arn, policy):
    with refusal():
        ddb.put_resource_policy(ResourceArn=arn, Policy=policy)


def test_a_policy_has_at_most_20_kb(ddb, arn, other):
    policy = allow(other, "dynamodb:GetItem", resource=arn)
    with refusal("LimitExceededException"):
        ddb.put_resource_policy(ResourceArn=arn, Policy=policy + " " * 20 * 1024)


def test_a_policy_is_for_a_table_or_stream_that_is_there(ddb, arn, other):
    policy = allow(other, "dynamodb:GetItem", resource=arn)
    with refusal("ResourceNotFoundException"):
        ddb.put_resource_policy(ResourceArn=arn + "2", Policy=policy)
    with refusal():
        ddb.put_resource_policy(ResourceArn=arn + "/index/i", Policy=policy)
    with refusal("ResourceNotFoundException"):
        ddb.get_resource_policy(ResourceArn=arn + "/stream/2026-01-01T00:00:00.000")


def test_another_account_reads_and_writes_by_the_arn(ddb, guest, arn, other, table):
    ddb.put_resource_policy(
        ResourceArn=arn, Policy=allow(other, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", resource=arn)
    )
    guest.put_item(TableName=arn, Item={"pk": s("a"), "v": n(1)})
    assert ddb.get_item(TableName=table, Key={"pk": s("a")})["Item"]["v"] == n(1)
    assert guest.get_item(TableName=arn, Key={"pk": s("a")})["Item"]["v"] == n(1)
    condition = {"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": s("a")}}
    assert guest.query(TableName=arn, **condition)["Count"] == 1


def test_another_account_may_do_only_what_it_is_allowed(ddb, guest, arn, other):
    ddb.put_resource_policy(ResourceArn=arn, Policy=allow(other, "dynamodb:GetItem", resource=arn))
    for call in (
        lambda: guest.put_item(TableName=arn, Item={"pk": s("a")}),
        lambda: guest.scan(TableName=arn),
        lambda: guest.describe_table(TableName=arn),
        lambda: guest.delete_table(TableName=arn),
        lambda: guest.get_resource_policy(ResourceArn=arn),
        lambda: guest.list_contributor_insights(TableName=arn),
        lambda: guest.describe_kinesis_streaming_destination(TableName=arn),
        lambda: guest.update_time_to_live(
            TableName=arn, TimeToLiveSpecification={"Enabled": True, "AttributeName": "e"}
        ),
        lambda: guest.batch_write_item(RequestItems={arn: [{"DeleteRequest": {"Key": {"pk": s("a")}}}]}),
        lambda: guest.create_backup(TableName=arn, BackupName="stolen"),
    ):
        with refusal("AccessDeniedException"):
            call()


def test_another_account_is_refused_without_a_policy(guest, arn):
    with refusal("AccessDeniedException"):
        guest.get_item(TableName=arn, Key={"pk": s("a")})
    with refusal("AccessDeniedException"):
        guest.get_item(TableName=arn + "-not-there", Key={"pk": s("a")})


def test_a_table_of_the_same_name_is_not_the_one_of_the_arn(ddb, guest, arn, other, table):
    ddb.put_resource_policy(ResourceArn=arn, Policy=allow(other, "dynamodb:PutItem", resource=arn))
    with refusal("ResourceNotFoundException"):
        guest.put_item(TableName=table, Item={"pk": s("a")})


def test_another_account_writes_into_indexes_and_streams_of_the_table(aws, ddb, make_table, guest, other):
    table = make_table(StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    described = ddb.describe_table(TableName=table)["Table"]
    arn = described["TableArn"]
    ddb.put_resource_policy(ResourceArn=arn, Policy=allow(other, "dynamodb:*", resource=arn))
    guest.transact_write_items(TransactItems=[{"Put": {"TableName": arn, "Item": {"pk": s("a")}}}])
    guest.batch_write_item(RequestItems={arn: [{"PutRequest": {"Item": {"pk": s("b")}}}]})
    streams = aws("dynamodbstreams")
    stream = described["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    assert len(streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]) == 2
    assert guest.list_tables()["TableNames"] == []


def test_another_account_may_change_and_delete_the_table(ddb, guest, clock, arn, other, table):
    ddb.put_resource_policy(
        ResourceArn=arn,
        Policy=allow(other, "dynamodb:UpdateTable", "dynamodb:DescribeTable", "dynamodb:DeleteTable", resource=arn),
    )
    guest.update_table(TableName=arn, TableClass="STANDARD_INFREQUENT_ACCESS")
    clock.advance(seconds=1)
    assert guest.describe_table(TableName=arn)["Table"]["TableClassSummary"]["TableClass"].endswith("ACCESS")
    guest.delete_table(TableName=arn)
    clock.advance(seconds=1)
    assert ddb.list_tables()["TableNames"] == []


def test_a_stream_has_a_policy_of_its_own(aws, ddb, make_table, other):
    table = make_table(StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    stream = ddb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    guest = aws("dynamodbstreams", account=other)
    with refusal("AccessDeniedException"):
        guest.describe_stream(StreamArn=stream)
    ddb.put_resource_policy(ResourceArn=stream, Policy=allow(other, "dynamodb:DescribeStream", resource=stream))
    assert guest.describe_stream(StreamArn=stream)["StreamDescription"]["TableName"] == table
    shard = guest.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
    with refusal("AccessDeniedException"):
        guest.get_shard_iterator(StreamArn=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")


def test_a_denial_stops_even_the_own_root_but_not_from_mending_it(aws, ddb, arn, table):
    ddb.put_resource_policy(ResourceArn=arn, Policy=allow("*", "dynamodb:*", resource=arn, effect="Deny"))
    with refusal("AccessDeniedException"):
        ddb.get_item(TableName=table, Key={"pk": s("a")})
    ddb.delete_resource_policy(ResourceArn=arn)
    ddb.get_item(TableName=table, Key={"pk": s("a")})


def test_a_policy_that_shuts_out_its_author_has_to_be_confirmed(aws, ddb, arn):
    iam = aws("iam")
    iam.create_user(UserName="u")
    iam.put_user_policy(
        UserName="u",
        PolicyName="p",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
    )
    user = aws("dynamodb", credentials=iam.create_access_key(UserName="u")["AccessKey"])
    policy = allow("*", "dynamodb:PutResourcePolicy", resource=arn, effect="Deny")
    with refusal():
        user.put_resource_policy(ResourceArn=arn, Policy=policy)
    user.put_resource_policy(ResourceArn=arn, Policy=policy, ConfirmRemoveSelfResourceAccess=True)


def test_a_table_is_created_with_a_policy(ddb, make_table, guest, other, aws):
    arn = f"arn:aws:dynamodb:us-east-1:{aws.account}:table/guarded"
    make_table("guarded", ResourcePolicy=allow(other, "dynamodb:GetItem", resource=arn))
    assert "Item" not in guest.get_item(TableName=arn, Key={"pk": s("a")})
