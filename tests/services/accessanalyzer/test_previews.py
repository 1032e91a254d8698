"""Access previews: what would be found if a policy were in force."""

import pytest

THERE = "444455556666"
NOWHERE = "arn:aws:sqs:us-east-1:111122223333:queue"


@pytest.fixture
def allow(policy):
    def allow(principal, actions, resource="*"):
        return policy({"Effect": "Allow", "Principal": principal, "Action": actions, "Resource": resource})

    return allow


@pytest.fixture
def previewed(analyzer_client, analyzer, clock):
    """The findings of a proposed configuration."""

    def previewed(arn, configuration, **params):
        made = analyzer_client.create_access_preview(analyzerArn=analyzer, configurations={arn: configuration})["id"]
        clock.advance(seconds=1)
        return analyzer_client.list_access_preview_findings(analyzerArn=analyzer, accessPreviewId=made, **params)[
            "findings"
        ]

    return previewed


def test_access_that_would_be_new_is_foreseen(aws, analyzer_client, analyzer, previewed, allow):
    (finding,) = previewed(NOWHERE, {"sqsQueue": {"queuePolicy": allow({"AWS": THERE}, "sqs:SendMessage")}})
    assert (finding["changeType"], finding["status"]) == ("NEW", "ACTIVE")
    assert (finding["principal"], finding["action"]) == ({"AWS": THERE}, ["sqs:SendMessage"])
    assert (finding["resource"], finding["resourceOwnerAccount"]) == (NOWHERE, aws.account)
    assert "existingFindingId" not in finding
    assert analyzer_client.list_findings(analyzerArn=analyzer)["findings"] == []


def test_what_would_stay_and_what_would_go_is_told(analyzer, previewed, allow, shared_queue, scanned, policy):
    arn = shared_queue({"AWS": THERE})
    (existing,) = scanned(analyzer)
    (same,) = previewed(arn, {"sqsQueue": {"queuePolicy": allow({"AWS": THERE}, "sqs:SendMessage", arn)}})
    assert (same["changeType"], same["existingFindingId"]) == ("UNCHANGED", existing["id"])
    (gone,) = previewed(arn, {"sqsQueue": {"queuePolicy": ""}})
    assert (gone["changeType"], gone["status"], gone["existingFindingStatus"]) == ("CHANGED", "RESOLVED", "ACTIVE")
    (left_out,) = previewed(arn, {"sqsQueue": {}})
    assert left_out["changeType"] == "UNCHANGED"


def test_an_archive_rule_counts_in_a_preview(analyzer_client, analyzer, previewed, allow):
    criteria = {"resourceType": {"eq": ["AWS::SQS::Queue"]}}
    analyzer_client.create_archive_rule(analyzerName="analyzer", ruleName="Rule", filter=criteria)
    (finding,) = previewed(NOWHERE, {"sqsQueue": {"queuePolicy": allow("*", "sqs:*")}})
    assert finding["status"] == "ARCHIVED"


@pytest.mark.parametrize(
    ("block", "points", "sources"),
    [
        ({"ignorePublicAcls": False, "restrictPublicBuckets": False}, False, ["BUCKET_ACL", "POLICY"]),
        ({"ignorePublicAcls": True, "restrictPublicBuckets": True}, False, []),
        ({"ignorePublicAcls": True, "restrictPublicBuckets": False}, True, ["POLICY", "S3_ACCESS_POINT"]),
    ],
)
def test_a_bucket_has_policy_list_block_and_access_points(previewed, allow, block, points, sources):
    everybody = {"uri": "http://acs.amazonaws.com/groups/global/AllUsers"}
    point = {
        "accessPointPolicy": allow({"AWS": THERE}, "s3:GetObject"),
        "publicAccessBlock": {"ignorePublicAcls": True, "restrictPublicBuckets": True},
        "networkOrigin": {"internetConfiguration": {}},
    }
    arn = "arn:aws:s3:us-east-1:111122223333:accesspoint/point"
    findings = previewed(
        "arn:aws:s3:::some-bucket",
        {
            "s3Bucket": {
                "bucketPolicy": allow("*", "s3:GetObject"),
                "bucketAclGrants": [{"grantee": everybody, "permission": "READ"}],
                "bucketPublicAccessBlock": block,
                "accessPoints": {arn: point} if points else {},
            }
        },
    )
    assert sorted(each["sources"][0]["type"] for each in findings) == sources


@pytest.mark.parametrize(
    ("configuration", "principal", "actions"),
    [
        (
            {
                "kmsKey": {
                    "grants": [
                        {
                            "operations": ["Decrypt"],
                            "granteePrincipal": f"arn:aws:iam::{THERE}:root",
                            "issuingAccount": THERE,
                        }
                    ]
                }
            },
            {"AWS": f"arn:aws:iam::{THERE}:root"},
            ["kms:Decrypt"],
        ),
        ({"ebsSnapshot": {"groups": ["all"]}}, {"AWS": "*"}, ["ec2:CopySnapshot", "ec2:CreateVolume"]),
        (
            {"rdsDbSnapshot": {"attributes": {"restore": {"accountIds": [THERE]}}}},
            {"AWS": THERE},
            ["rds:CopyDBSnapshot", "rds:RestoreDBInstanceFromDBSnapshot"],
        ),
    ],
)
def test_grants_and_shares_are_foreseen(previewed, configuration, principal, actions):
    (finding,) = previewed("arn:aws:x:us-east-1:111122223333:thing/x", configuration)
    assert (finding["principal"], finding["action"]) == (principal, actions)
    assert finding["isPublic"] is (principal == {"AWS": "*"})


@pytest.mark.parametrize(
    ("name", "member", "action"),
    [
        ("iamRole", "trustPolicy", "sts:AssumeRole"),
        ("snsTopic", "topicPolicy", "sns:Publish"),
        ("secretsManagerSecret", "secretPolicy", "secretsmanager:GetSecretValue"),
        ("ecrRepository", "repositoryPolicy", "ecr:BatchGetImage"),
        ("efsFileSystem", "fileSystemPolicy", "elasticfilesystem:ClientMount"),
        ("dynamodbTable", "tablePolicy", "dynamodb:GetItem"),
        ("dynamodbStream", "streamPolicy", "dynamodb:GetRecords"),
        ("s3ExpressDirectoryBucket", "bucketPolicy", "s3express:CreateSession"),
    ],
)
def test_every_kind_of_resource_has_previews(previewed, allow, name, member, action):
    (finding,) = previewed("arn:aws:x:us-east-1:111122223333:thing/x", {name: {member: allow({"AWS": THERE}, action)}})
    assert finding["action"] == [action]


def test_findings_of_a_preview_are_filtered(previewed, allow):
    configuration = {"sqsQueue": {"queuePolicy": allow({"AWS": [THERE, "777788889999"]}, "sqs:SendMessage")}}
    (only,) = previewed(
        NOWHERE, configuration, filter={"principal.AWS": {"eq": [THERE]}, "changeType": {"eq": ["NEW"]}}
    )
    assert only["principal"] == {"AWS": THERE}


def test_a_preview_is_listed_and_kept_for_a_day(analyzer_client, analyzer, clock, allow, refused):
    configurations = {NOWHERE: {"sqsQueue": {"queuePolicy": allow("*", "sqs:SendMessage")}}}
    made = analyzer_client.create_access_preview(analyzerArn=analyzer, configurations=configurations)["id"]
    clock.advance(seconds=1)
    preview = analyzer_client.get_access_preview(analyzerArn=analyzer, accessPreviewId=made)["accessPreview"]
    assert (preview["status"], preview["configurations"]) == ("COMPLETED", configurations)
    (listed,) = analyzer_client.list_access_previews(analyzerArn=analyzer)["accessPreviews"]
    assert (listed["id"], listed["analyzerArn"]) == (made, analyzer)
    clock.advance(days=1)
    with refused("ResourceNotFoundException"):
        analyzer_client.get_access_preview(analyzerArn=analyzer, accessPreviewId=made)


def test_a_policy_that_is_none_fails_the_preview(analyzer_client, analyzer, clock):
    configurations = {NOWHERE: {"sqsQueue": {"queuePolicy": "no json"}}}
    made = analyzer_client.create_access_preview(analyzerArn=analyzer, configurations=configurations)["id"]
    clock.advance(seconds=1)
    preview = analyzer_client.get_access_preview(analyzerArn=analyzer, accessPreviewId=made)["accessPreview"]
    assert (preview["status"], preview["statusReason"]) == ("FAILED", {"code": "INVALID_CONFIGURATION"})


def test_a_preview_is_about_one_resource(analyzer_client, analyzer, refused):
    with refused("ValidationException", "exactly one"):
        analyzer_client.create_access_preview(analyzerArn=analyzer, configurations={})


def test_unused_access_has_no_previews(analyzer_client, make_analyzer, refused):
    arn = make_analyzer(kind="ACCOUNT_UNUSED_ACCESS")
    with refused("ValidationException"):
        analyzer_client.create_access_preview(analyzerArn=arn, configurations={NOWHERE: {"sqsQueue": {}}})
