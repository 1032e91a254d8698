"""Unused access: findings, statistics, and recommendations."""

import json

import pytest

QUEUES = {"Effect": "Allow", "Action": ["sqs:ListQueues", "sqs:SendMessage"], "Resource": "*"}
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [QUEUES]})


@pytest.fixture
def iam(aws):
    return aws("iam")


@pytest.fixture
def unused(make_analyzer):
    """An analyzer for what was not used for a day."""
    return make_analyzer(
        kind="ACCOUNT_UNUSED_ACCESS",
        configuration={
            "unusedAccess": {
                "unusedAccessAge": 1,
                "analysisRule": {"exclusions": [{"resourceTags": [{"keep": "yes"}]}]},
            }
        },
    )


@pytest.fixture
def make_role(iam, aws, policy):
    def make(name="role", document=DOCUMENT, **params):
        trust = policy({"Effect": "Allow", "Principal": {"AWS": aws.account}, "Action": "sts:AssumeRole"})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **params)["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document)
        return arn

    return make


@pytest.fixture
def acting(aws):
    """A client as a role."""

    def acting(role, service):
        session = aws("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return aws(service, credentials=session)

    return acting


@pytest.fixture
def found(analyzer_client, clock):
    """Has the analyzer look now and gives its active findings by (resource's name, type)."""

    def found(arn):
        clock.advance(seconds=6)
        analyzer_client.list_findings_v2(analyzerArn=arn)
        clock.advance(seconds=1)
        listed = analyzer_client.list_findings_v2(analyzerArn=arn, filter={"status": {"eq": ["ACTIVE"]}})["findings"]
        return {(each["resource"].rpartition("/")[2], each["findingType"]): each for each in listed}

    return found


def detail(analyzer_client, arn, finding):
    return analyzer_client.get_finding_v2(analyzerArn=arn, id=finding["id"])["findingDetails"]


def test_a_role_that_nobody_uses_is_found_after_the_time_that_is_set(analyzer_client, unused, make_role, found, clock):
    role = make_role()
    assert found(unused) == {}
    clock.advance(days=1)
    findings = found(unused)
    assert list(findings) == [("role", "UnusedIAMRole")]
    finding = findings["role", "UnusedIAMRole"]
    assert (finding["resource"], finding["resourceType"]) == (role, "AWS::IAM::Role")
    assert detail(analyzer_client, unused, finding) == [{"unusedIamRoleDetails": {}}]


def test_a_role_that_is_used_again_is_resolved(unused, make_role, acting, found, clock):
    role = make_role()
    clock.advance(days=2)
    assert ("role", "UnusedIAMRole") in found(unused)
    acting(role, "sqs").list_queues()
    assert ("role", "UnusedIAMRole") not in found(unused)


def test_permissions_that_are_not_used_are_found_by_service_and_action(
    analyzer_client, unused, make_role, acting, found, clock, policy
):
    role = make_role(document=policy(QUEUES, {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}))
    clock.advance(days=2)
    acting(role, "sqs").list_queues()
    finding = found(unused)["role", "UnusedPermission"]
    services = [each["unusedPermissionDetails"] for each in detail(analyzer_client, unused, finding)]
    assert services == [
        {"serviceNamespace": "s3"},
        {
            "serviceNamespace": "sqs",
            "lastAccessed": services[1]["lastAccessed"],
            "actions": [{"action": "SendMessage"}],
        },
    ]


def test_keys_and_passwords_that_are_not_used_are_found(analyzer_client, iam, unused, found, clock):
    iam.create_user(UserName="user")
    key = iam.create_access_key(UserName="user")["AccessKey"]["AccessKeyId"]
    iam.create_login_profile(UserName="user", Password="A-passw0rd")
    clock.advance(days=2)
    findings = found(unused)
    assert set(findings) == {("user", "UnusedIAMUserAccessKey"), ("user", "UnusedIAMUserPassword")}
    (details,) = detail(analyzer_client, unused, findings["user", "UnusedIAMUserAccessKey"])
    assert details == {"unusedIamUserAccessKeyDetails": {"accessKeyId": key}}


def test_a_key_in_use_is_not_found(aws, iam, unused, found, clock):
    iam.create_user(UserName="user")
    iam.put_user_policy(UserName="user", PolicyName="p", PolicyDocument=DOCUMENT)
    key = iam.create_access_key(UserName="user")["AccessKey"]
    clock.advance(days=2)
    aws("sqs", credentials=key).list_queues()
    assert set(found(unused)) == {("user", "UnusedPermission")}


def test_what_is_excluded_is_not_found(unused, make_role, found, clock):
    make_role(Tags=[{"Key": "keep", "Value": "yes"}])
    make_role("other")
    clock.advance(days=2)
    assert set(found(unused)) == {("other", "UnusedIAMRole")}


def test_unused_access_is_counted(aws, analyzer_client, unused, make_role, found, clock):
    make_role()
    clock.advance(days=2)
    found(unused)
    (statistics,) = analyzer_client.get_findings_statistics(analyzerArn=unused)["findingsStatistics"]
    counted = statistics["unusedAccessFindingsStatistics"]
    assert {"unusedAccessType": "UnusedIAMRole", "total": 1} in counted["unusedAccessTypeStatistics"]
    assert counted["totalActiveFindings"] == 1
    assert counted["topAccounts"] == [
        {"account": aws.account, "numberOfActiveFindings": 1, "details": {"UnusedIAMRole": 1}}
    ]


def test_the_first_version_knows_no_unused_access(analyzer_client, unused, refused):
    with refused("ValidationException", "version 2"):
        analyzer_client.list_findings(analyzerArn=unused)
    with refused("ValidationException", "do not scan"):
        analyzer_client.start_resource_scan(analyzerArn=unused, resourceArn="arn:aws:s3:::bucket")


# -- recommendations


@pytest.fixture
def recommended(analyzer_client, clock):
    def recommended(arn, finding):
        analyzer_client.generate_finding_recommendation(analyzerArn=arn, id=finding["id"])
        clock.advance(seconds=1)
        return analyzer_client.get_finding_recommendation(analyzerArn=arn, id=finding["id"])

    return recommended


def test_a_policy_without_the_unused_is_recommended(iam, unused, make_role, acting, found, recommended, clock, policy):
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*"}
    role = make_role(document=policy(QUEUES, read, deny))
    managed = iam.create_policy(PolicyName="managed", PolicyDocument=policy(read))["Policy"]
    iam.attach_role_policy(RoleName="role", PolicyArn=managed["Arn"])
    clock.advance(days=2)
    acting(role, "sqs").list_queues()
    answer = recommended(unused, found(unused)["role", "UnusedPermission"])
    assert (answer["status"], answer["resourceArn"]) == ("SUCCEEDED", role)
    steps = [step["unusedPermissionsRecommendedStep"] for step in answer["recommendedSteps"]]
    assert [(step["recommendedAction"], step["existingPolicyId"]) for step in steps] == [
        ("CREATE_POLICY", "inline"),
        ("DETACH_POLICY", "inline"),
        ("DETACH_POLICY", managed["Arn"]),
    ]
    assert json.loads(steps[0]["recommendedPolicy"])["Statement"] == [{**QUEUES, "Action": ["sqs:ListQueues"]}, deny]
    assert steps[2]["policyUpdatedAt"] == managed["UpdateDate"]


def test_only_unused_permissions_have_recommendations(analyzer_client, unused, make_role, found, clock, refused):
    make_role()
    clock.advance(days=2)
    finding = found(unused)["role", "UnusedIAMRole"]
    with refused("ValidationException"):
        analyzer_client.generate_finding_recommendation(analyzerArn=unused, id=finding["id"])
    with refused("ResourceNotFoundException"):
        analyzer_client.get_finding_recommendation(analyzerArn=unused, id=finding["id"])
