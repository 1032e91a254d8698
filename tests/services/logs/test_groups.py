"""Log groups: names, classes, tags, keys, protection, retention."""

import json

import pytest

DAY = 86_400_000


def names(answer):
    return [group["logGroupName"] for group in answer["logGroups"]]


def test_a_group_is_described_with_all_that_it_has(logs, aws):
    logs.create_log_group(logGroupName="/app", tags={"team": "a"})
    (group,) = logs.describe_log_groups()["logGroups"]
    arn = f"arn:aws:logs:us-east-1:{aws.account}:log-group:/app"
    assert group.pop("creationTime") > 0
    assert group == {
        "logGroupName": "/app",
        "metricFilterCount": 0,
        "arn": arn + ":*",
        "storedBytes": 0,
        "logGroupClass": "STANDARD",
        "logGroupArn": arn,
        "deletionProtectionEnabled": False,
        "bearerTokenAuthenticationEnabled": False,
    }


def test_a_name_is_given_once(logs, group, refused):
    with refused("ResourceAlreadyExistsException", "The specified log group already exists"):
        logs.create_log_group(logGroupName=group)


def test_a_bad_name_is_refused(logs, refused):
    with refused("InvalidParameterException", "logGroupName"):
        logs.create_log_group(logGroupName="a b")


def test_groups_are_found_by_prefix_and_by_pattern(logs):
    for name in ("/a/web", "/a/worker", "/b/web"):
        logs.create_log_group(logGroupName=name)
    assert names(logs.describe_log_groups(logGroupNamePrefix="/a")) == ["/a/web", "/a/worker"]
    assert names(logs.describe_log_groups(logGroupNamePattern="WEB")) == ["/a/web", "/b/web"]
    assert names(logs.list_log_groups(logGroupNamePattern="^/b/w")) == ["/b/web"]


def test_groups_come_in_pages(logs, refused):
    for nth in range(5):
        logs.create_log_group(logGroupName=f"g{nth}")
    pages = list(logs.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["logGroups"]) for page in pages] == [2, 2, 1]
    with refused("InvalidParameterException", "nextToken"):
        logs.describe_log_groups(nextToken="garbage")


def test_a_deleted_group_takes_its_events_with_it(logs, group, put, found):
    put("old")
    logs.delete_log_group(logGroupName=group)
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    assert found() == []


def test_what_is_not_there_is_not_found(logs, refused):
    with refused("ResourceNotFoundException", "The specified log group does not exist."):
        logs.delete_log_group(logGroupName="nowhere")


def test_a_protected_group_is_not_deleted(logs, group, refused):
    logs.put_log_group_deletion_protection(logGroupIdentifier=group, deletionProtectionEnabled=True)
    with refused("ValidationException", "deletion protection"):
        logs.delete_log_group(logGroupName=group)
    logs.put_log_group_deletion_protection(logGroupIdentifier=group, deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName=group)


def test_tags_by_both_apis_are_the_same_tags(logs, group, aws):
    arn = f"arn:aws:logs:us-east-1:{aws.account}:log-group:{group}"
    logs.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    logs.untag_log_group(logGroupName=group, tags=["a"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    assert logs.list_tags_log_group(logGroupName=group)["tags"] == {"b": "2"}


def test_there_are_no_more_than_fifty_tags(logs, group, aws, refused):
    arn = f"arn:aws:logs:us-east-1:{aws.account}:log-group:{group}"
    logs.tag_resource(resourceArn=arn, tags={f"k{nth}": "" for nth in range(50)})
    with refused("TooManyTagsException"):
        logs.tag_resource(resourceArn=arn, tags={"another": ""})


# -- retention


def test_events_past_their_retention_are_gone(logs, group, put, found, clock, now):
    put("old")
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    assert found() == ["old"]
    clock.advance(days=1)
    put("new")
    assert found() == ["new"]
    clock.advance(days=2)
    assert logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 0


def test_without_a_policy_events_stay(logs, group, put, found, clock):
    put("old")
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    logs.delete_retention_policy(logGroupName=group)
    clock.advance(days=400)
    assert found() == ["old"]


def test_only_certain_numbers_of_days_are_allowed(logs, group, refused):
    with refused("InvalidParameterException", "Value '2' at 'retentionInDays'"):
        logs.put_retention_policy(logGroupName=group, retentionInDays=2)


# -- keys


@pytest.fixture
def key(aws):
    """A key that CloudWatch Logs may use."""
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Effect": "Allow",
            "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
            "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
            "Resource": "*",
            "Condition": {
                "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:us-east-1:{aws.account}:*"},
            },
        },
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return aws("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]


def test_events_under_a_key_are_read_back(logs, group, put, found, key):
    put("plain")
    logs.associate_kms_key(logGroupName=group, kmsKeyId=key)
    put("sealed")
    logs.disassociate_kms_key(logGroupName=group)
    put("plain again")
    assert sorted(found()) == ["plain", "plain again", "sealed"]


def test_a_disabled_key_closes_the_log(logs, aws, put, key, refused):
    logs.create_log_group(logGroupName="/app", kmsKeyId=key)
    logs.create_log_stream(logGroupName="/app", logStreamName="one")
    put("sealed")
    aws("kms").disable_key(KeyId=key)
    with refused("AccessDeniedException", "KMS key"):
        logs.get_log_events(logGroupName="/app", logStreamName="one")


def test_a_key_that_does_not_let_the_service_in_is_refused(logs, group, aws, refused):
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    with refused("AccessDeniedException", "does not exist or is not allowed to be used"):
        logs.associate_kms_key(logGroupName=group, kmsKeyId=key)
