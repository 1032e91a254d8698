"""Analyzers of an organization: its accounts are insiders, and all of their resources are looked at."""

import uuid

import pytest

OUTSIDER = "444455556666"


@pytest.fixture
def organization(aws):
    """The account's own new organization."""
    client = aws("organizations")
    client.create_organization(FeatureSet="ALL")
    return client


@pytest.fixture
def member(organization, clock):
    """The number of a member account."""
    request = organization.create_account(AccountName="member", Email=f"{uuid.uuid4().hex}@example.com")
    clock.advance(seconds=1)
    status = organization.describe_create_account_status(CreateAccountRequestId=request["CreateAccountStatus"]["Id"])
    return status["CreateAccountStatus"]["AccountId"]


@pytest.fixture
def share(aws, policy):
    """Makes a queue in an account, shared with others of whom a statement tells."""

    def share(name, account, **statement):
        sqs = aws("sqs", account=account)
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:{account}:{name}"
        allowed = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn, **statement}
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(allowed)})

    return share


def names(findings):
    return [finding["resource"].rpartition(":")[2] for finding in findings]


def test_who_is_in_no_organization_cannot_analyze_one(make_analyzer, refused):
    with refused("ValidationException"):
        make_analyzer(kind="ORGANIZATION")


def test_members_are_insiders_and_their_resources_are_looked_at(aws, member, make_analyzer, scanned, share):
    share("shared-inside", aws.account, Principal={"AWS": member})
    share("shared-outside", aws.account, Principal={"AWS": OUTSIDER})
    share("members-shared-inside", member, Principal={"AWS": aws.account})
    share("members-shared-outside", member, Principal={"AWS": OUTSIDER})
    findings = scanned(make_analyzer(kind="ORGANIZATION"))
    owners = dict(zip(names(findings), (finding["resourceOwnerAccount"] for finding in findings), strict=True))
    assert owners == {"shared-outside": aws.account, "members-shared-outside": member}


def test_to_an_account_of_its_own_the_other_members_are_outside(aws, member, make_analyzer, scanned, share):
    share("shared-inside", aws.account, Principal={"AWS": member})
    assert names(scanned(make_analyzer())) == ["shared-inside"]


def test_a_condition_on_the_organization_keeps_inside(aws, organization, make_analyzer, scanned, share):
    identifier = organization.describe_organization()["Organization"]["Id"]
    for name, wanted in (("ours", identifier), ("theirs", "o-aaaaaaaaaa")):
        share(name, aws.account, Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": wanted}})
    assert names(scanned(make_analyzer(kind="ORGANIZATION"))) == ["theirs"]


def test_a_member_that_is_no_administrator_cannot_analyze_the_organization(aws, member, organization, refused, clock):
    theirs = aws("accessanalyzer", account=member)
    with refused("ValidationException"):
        theirs.create_analyzer(analyzerName="all", type="ORGANIZATION")
    organization.enable_aws_service_access(ServicePrincipal="access-analyzer.amazonaws.com")
    organization.register_delegated_administrator(AccountId=member, ServicePrincipal="access-analyzer.amazonaws.com")
    assert theirs.create_analyzer(analyzerName="all", type="ORGANIZATION")["arn"]


def test_unused_roles_of_members_are_found(aws, member, make_analyzer, analyzer_client, clock, policy):
    trust = policy({"Effect": "Allow", "Principal": {"AWS": member}, "Action": "sts:AssumeRole"})
    aws("iam", account=member).create_role(RoleName="idle", AssumeRolePolicyDocument=trust)
    clock.advance(days=2)
    unused = {"unusedAccess": {"unusedAccessAge": 1}}
    arn = make_analyzer(kind="ORGANIZATION_UNUSED_ACCESS", configuration=unused)
    clock.advance(seconds=1)
    found = analyzer_client.list_findings_v2(analyzerArn=arn)["findings"]
    assert (f"arn:aws:iam::{member}:role/idle", "UnusedIAMRole") in {(f["resource"], f["findingType"]) for f in found}
