"""Findings about resources that are shared with somebody outside."""

import pytest

THERE = "444455556666"
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole"}


@pytest.fixture
def bucket(aws, policy):
    """Makes a bucket that anybody may read, and gives its ARN."""
    s3 = aws("s3")
    name = f"bucket-{aws.account}"
    s3.create_bucket(Bucket=name)
    s3.delete_public_access_block(Bucket=name)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    s3.put_bucket_policy(Bucket=name, Policy=policy(statement))
    return name


def test_a_public_bucket_is_found(aws, analyzer, bucket, scanned):
    (finding,) = scanned(analyzer)
    assert finding["resource"] == f"arn:aws:s3:::{bucket}"
    assert finding["resourceType"] == "AWS::S3::Bucket"
    assert finding["principal"] == {"AWS": "*"}
    assert finding["action"] == ["s3:GetObject"]
    assert finding["condition"] == {}
    assert finding["isPublic"] is True
    assert finding["status"] == "ACTIVE"
    assert finding["resourceOwnerAccount"] == aws.account
    assert finding["sources"] == [{"type": "POLICY"}]
    assert "error" not in finding


def test_a_finding_is_resolved_when_the_policy_is_gone_and_active_when_it_is_back(aws, analyzer, bucket, scanned):
    s3 = aws("s3")
    (before,) = scanned(analyzer)
    text = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    s3.delete_bucket_policy(Bucket=bucket)
    (resolved,) = scanned(analyzer)
    assert (resolved["id"], resolved["status"]) == (before["id"], "RESOLVED")
    assert resolved["updatedAt"] > before["updatedAt"]
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    (again,) = scanned(analyzer)
    assert (again["id"], again["status"], again["createdAt"]) == (before["id"], "ACTIVE", before["createdAt"])


def test_a_block_of_public_access_resolves_it_too(aws, analyzer, bucket, scanned):
    assert scanned(analyzer)[0]["status"] == "ACTIVE"
    block = {"RestrictPublicBuckets": True, "IgnorePublicAcls": True}
    aws("s3").put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert scanned(analyzer)[0]["status"] == "RESOLVED"


def test_a_bucket_is_found_in_its_region_only(aws, analyzer, bucket, scanned, clock):
    west = aws("accessanalyzer", region="eu-west-1")
    arn = west.create_analyzer(analyzerName="west", type="ACCOUNT")["arn"]
    clock.advance(seconds=1)
    assert west.list_findings(analyzerArn=arn)["findings"] == []


def test_a_list_for_everybody_is_found(aws, analyzer, scanned):
    s3 = aws("s3")
    name = f"listed-{aws.account}"
    s3.create_bucket(Bucket=name, ObjectOwnership="BucketOwnerPreferred")
    s3.delete_public_access_block(Bucket=name)
    s3.put_bucket_acl(Bucket=name, ACL="public-read")
    (finding,) = scanned(analyzer)
    assert finding["isPublic"] is True
    assert finding["sources"] == [{"type": "BUCKET_ACL"}]
    assert "s3:ListBucket" in finding["action"]


@pytest.mark.parametrize(
    ("principal", "shown", "public"),
    [
        ({"AWS": THERE}, {"AWS": THERE}, False),
        ({"AWS": "*"}, {"AWS": "*"}, True),
        ({"Federated": "cognito-identity.amazonaws.com"}, {"Federated": "cognito-identity.amazonaws.com"}, False),
    ],
)
def test_a_role_that_trusts_somebody_outside_is_found(aws, analyzer, policy, scanned, principal, shown, public):
    statement = {**TRUST, "Principal": principal}
    aws("iam").create_role(RoleName="role", AssumeRolePolicyDocument=policy(statement))
    (finding,) = scanned(analyzer)
    assert finding["resource"] == f"arn:aws:iam::{aws.account}:role/role"
    assert (finding["principal"], finding["isPublic"]) == (shown, public)
    assert finding["action"] == ["sts:AssumeRole"]


def test_a_role_that_trusts_a_service_is_not(aws, analyzer, policy, scanned):
    statement = {**TRUST, "Principal": {"Service": "ec2.amazonaws.com"}}
    aws("iam").create_role(RoleName="role", AssumeRolePolicyDocument=policy(statement))
    assert scanned(analyzer) == []


def test_a_shared_key_is_found(aws, analyzer, policy, scanned):
    own = {"Effect": "Allow", "Principal": {"AWS": aws.account}, "Action": "kms:*", "Resource": "*"}
    other = {**own, "Principal": {"AWS": THERE}, "Action": "kms:Decrypt"}
    key = aws("kms").create_key(Policy=policy(own, other))["KeyMetadata"]["Arn"]
    (finding,) = scanned(analyzer)
    assert (finding["resource"], finding["principal"], finding["action"]) == (key, {"AWS": THERE}, ["kms:Decrypt"])


def test_a_shared_secret_is_found(aws, analyzer, policy, scanned):
    secrets = aws("secretsmanager")
    arn = secrets.create_secret(Name="secret", SecretString="x")["ARN"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{THERE}:root"},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    secrets.put_resource_policy(SecretId=arn, ResourcePolicy=policy(statement))
    (finding,) = scanned(analyzer)
    assert (finding["resource"], finding["principal"]) == (arn, {"AWS": THERE})


def test_a_condition_is_shown(analyzer, shared_queue, scanned):
    shared_queue(Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{THERE}:*"}})
    (finding,) = scanned(analyzer)
    assert finding["condition"] == {"aws:SourceArn": f"arn:aws:sns:*:{THERE}:*"}
    assert finding["isPublic"] is False


def test_a_change_of_actions_is_a_change_of_the_same_finding(analyzer, shared_queue, scanned):
    shared_queue()
    (before,) = scanned(analyzer)
    shared_queue(actions=["sqs:SendMessage", "sqs:ReceiveMessage"])
    (after,) = scanned(analyzer)
    assert after["id"] == before["id"]
    assert after["action"] == ["sqs:ReceiveMessage", "sqs:SendMessage"]
    assert after["updatedAt"] > before["updatedAt"]


def test_what_has_not_changed_is_only_analyzed_again(analyzer, shared_queue, scanned):
    shared_queue()
    (before,), (after,) = scanned(analyzer), scanned(analyzer)
    assert after["updatedAt"] == before["updatedAt"]
    assert after["analyzedAt"] > before["analyzedAt"]


def test_a_scan_takes_place_once_a_day(aws, analyzer_client, analyzer, shared_queue, clock):
    clock.advance(seconds=1)
    shared_queue()
    clock.advance(days=1, seconds=1)
    assert len(analyzer_client.list_findings(analyzerArn=analyzer)["findings"]) == 1


# -- one finding


def test_a_finding_is_got_by_its_id(analyzer_client, analyzer, shared_queue, scanned, refused):
    shared_queue()
    (finding,) = scanned(analyzer)
    got = analyzer_client.get_finding(analyzerArn=analyzer, id=finding["id"])["finding"]
    assert got["resource"] == finding["resource"]
    with refused("ResourceNotFoundException", "Finding nothing not found"):
        analyzer_client.get_finding(analyzerArn=analyzer, id="nothing")


def test_the_second_version_has_details(analyzer_client, analyzer, shared_queue, scanned):
    arn = shared_queue()
    (finding,) = scanned(analyzer)
    got = analyzer_client.get_finding_v2(analyzerArn=analyzer, id=finding["id"])
    assert (got["resource"], got["findingType"], got["status"]) == (arn, "ExternalAccess", "ACTIVE")
    (detail,) = got["findingDetails"]
    assert detail["externalAccessDetails"]["principal"] == {"AWS": "*"}
    assert detail["externalAccessDetails"]["isPublic"] is True
    (summary,) = analyzer_client.list_findings_v2(analyzerArn=analyzer)["findings"]
    assert (summary["id"], summary["findingType"]) == (finding["id"], "ExternalAccess")


# -- lists


@pytest.fixture
def queues(analyzer, shared_queue):
    """Two queues, one of them public."""
    return shared_queue("*", "open"), shared_queue({"AWS": THERE}, "shared")


@pytest.mark.parametrize(
    ("criteria", "names"),
    [
        ({"isPublic": {"eq": ["true"]}}, ["open"]),
        ({"resource": {"contains": ["shar"]}}, ["shared"]),
        (
            {"resource": {"neq": ["x"]}, "resourceType": {"eq": ["AWS::SQS::Queue", "AWS::S3::Bucket"]}},
            ["open", "shared"],
        ),
        ({"principal.AWS": {"eq": [THERE]}}, ["shared"]),
        ({"action": {"contains": ["Receive"]}}, []),
        ({"error": {"exists": True}}, []),
        ({"status": {"eq": ["RESOLVED"]}}, []),
        ({"findingType": {"eq": ["ExternalAccess"]}}, ["open", "shared"]),
    ],
)
def test_findings_are_filtered(analyzer, queues, scanned, criteria, names):
    found = scanned(analyzer, filter=criteria)
    assert sorted(each["resource"].rpartition(":")[2] for each in found) == names


def test_findings_are_sorted_and_paged(analyzer_client, analyzer, queues, scanned):
    scanned(analyzer)
    pages = analyzer_client.get_paginator("list_findings").paginate(
        analyzerArn=analyzer, sort={"attributeName": "resource", "orderBy": "DESC"}, PaginationConfig={"PageSize": 1}
    )
    assert [[each["resource"] for each in page["findings"]] for page in pages] == [[queues[1]], [queues[0]]]


def test_filters_and_orders_that_make_no_sense_are_refused(analyzer_client, analyzer, refused):
    with refused("ValidationException", "colour"):
        analyzer_client.list_findings(analyzerArn=analyzer, filter={"colour": {"eq": ["blue"]}})
    with refused("ValidationException", "colour"):
        analyzer_client.list_findings_v2(analyzerArn=analyzer, sort={"attributeName": "colour"})
    with refused("ValidationException", "nextToken"):
        analyzer_client.list_findings(analyzerArn=analyzer, nextToken="garbage")


def test_findings_of_no_analyzer_are_refused(analyzer_client, analyzer, refused):
    with refused("ResourceNotFoundException"):
        analyzer_client.list_findings(analyzerArn=analyzer + "x")


# -- archiving and counting


def test_findings_are_archived_by_id_or_resource(analyzer_client, analyzer, queues, scanned, refused):
    ids = {each["resource"]: each["id"] for each in scanned(analyzer)}
    analyzer_client.update_findings(analyzerArn=analyzer, ids=[ids[queues[0]]], status="ARCHIVED")
    analyzer_client.update_findings(analyzerArn=analyzer, resourceArn=queues[1], status="ARCHIVED")
    assert {each["status"] for each in scanned(analyzer)} == {"ARCHIVED"}
    analyzer_client.update_findings(analyzerArn=analyzer, ids=list(ids.values()), status="ACTIVE")
    assert {each["status"] for each in scanned(analyzer)} == {"ACTIVE"}
    with refused("ValidationException"):
        analyzer_client.update_findings(analyzerArn=analyzer, status="ARCHIVED")


def test_findings_are_counted(analyzer_client, analyzer, queues, scanned):
    scanned(analyzer)
    analyzer_client.update_findings(analyzerArn=analyzer, resourceArn=queues[1], status="ARCHIVED")
    answer = analyzer_client.get_findings_statistics(analyzerArn=analyzer)
    (statistics,) = answer["findingsStatistics"]
    assert statistics["externalAccessFindingsStatistics"] == {
        "resourceTypeStatistics": {
            "AWS::SQS::Queue": {"totalActivePublic": 1, "totalActiveCrossAccount": 0, "totalActiveErrors": 0}
        },
        "totalActiveFindings": 1,
        "totalArchivedFindings": 1,
        "totalResolvedFindings": 0,
    }
    assert answer["lastUpdatedAt"]


# -- analyzed resources


def test_resources_are_listed_whether_they_are_shared_or_not(aws, analyzer_client, analyzer, queues, scanned):
    aws("sqs").create_queue(QueueName="own")
    scanned(analyzer)
    listed = analyzer_client.list_analyzed_resources(analyzerArn=analyzer, resourceType="AWS::SQS::Queue")
    names = [each["resourceArn"].rpartition(":")[2] for each in listed["analyzedResources"]]
    assert names == ["open", "own", "shared"]
    assert {each["resourceOwnerAccount"] for each in listed["analyzedResources"]} == {aws.account}


def test_a_resource_tells_what_others_may_do(analyzer_client, analyzer, queues, scanned, refused):
    scanned(analyzer)
    resource = analyzer_client.get_analyzed_resource(analyzerArn=analyzer, resourceArn=queues[0])["resource"]
    assert resource["isPublic"] is True
    assert (resource["actions"], resource["sharedVia"], resource["status"]) == (
        ["sqs:SendMessage"],
        ["POLICY"],
        "ACTIVE",
    )
    with refused("ResourceNotFoundException"):
        analyzer_client.get_analyzed_resource(analyzerArn=analyzer, resourceArn="arn:aws:s3:::nothing")


def test_a_deleted_resource_is_forgotten_and_its_finding_resolved(aws, analyzer_client, analyzer, queues, scanned):
    scanned(analyzer)
    sqs = aws("sqs")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="open")["QueueUrl"])
    statuses = {each["resource"]: each["status"] for each in scanned(analyzer)}
    assert statuses == {queues[0]: "RESOLVED", queues[1]: "ACTIVE"}
    listed = analyzer_client.list_analyzed_resources(analyzerArn=analyzer, resourceType="AWS::SQS::Queue")
    assert [each["resourceArn"] for each in listed["analyzedResources"]] == [queues[1]]


def test_a_scan_can_be_asked_for(analyzer_client, analyzer, clock, shared_queue):
    clock.advance(seconds=1)
    arn = shared_queue()
    analyzer_client.start_resource_scan(analyzerArn=analyzer, resourceArn=arn)
    clock.advance(seconds=1)
    assert analyzer_client.list_findings(analyzerArn=analyzer)["findings"][0]["resource"] == arn
