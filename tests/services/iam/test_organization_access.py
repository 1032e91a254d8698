"""When the accounts of an organization last reached which services."""

import json
import uuid

import pytest

from fogbank.identity import reference

SCP = "SERVICE_CONTROL_POLICY"


@pytest.fixture
def organization(aws):
    """The account's own new organization, with service control policies."""
    client = aws("organizations")
    client.create_organization(FeatureSet="ALL")
    client.enable_policy_type(RootId=client.list_roots()["Roots"][0]["Id"], PolicyType=SCP)
    return client


@pytest.fixture
def path(organization):
    """The entity path of the root."""
    return f"{organization.describe_organization()['Organization']['Id']}/{organization.list_roots()['Roots'][0]['Id']}"


@pytest.fixture
def member(organization, clock):
    """The number of a member account."""
    request = organization.create_account(AccountName="member", Email=f"{uuid.uuid4().hex}@example.com")
    clock.advance(seconds=1)
    status = organization.describe_create_account_status(CreateAccountRequestId=request["CreateAccountStatus"]["Id"])
    return status["CreateAccountStatus"]["AccountId"]


@pytest.fixture
def limit(organization, member):
    """Leaves a member only these actions, and gives the policy's id."""

    def limit(*actions):
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        policy = organization.create_policy(Name="only", Description="", Type=SCP, Content=json.dumps(document))
        identifier = policy["Policy"]["PolicySummary"]["Id"]
        organization.attach_policy(PolicyId=identifier, TargetId=member)
        organization.detach_policy(PolicyId="p-FullAWSAccess", TargetId=member)
        return identifier

    return limit


@pytest.fixture
def report(iam, clock):
    """Has a report made about a path, and gives the answer."""

    def report(path, sort="SERVICE_NAMESPACE_ASCENDING", **params):
        job = iam.generate_organizations_access_report(EntityPath=path, **params)["JobId"]
        clock.advance(seconds=1)
        return iam.get_organizations_access_report(JobId=job, SortKey=sort)

    return report


@pytest.fixture
def use_queues(aws, member):
    """A user of the member account uses queues."""
    iam = aws("iam", account=member)
    iam.create_user(UserName="user")
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
    iam.put_user_policy(UserName="user", PolicyName="queues", PolicyDocument=json.dumps(allowed))
    key = iam.create_access_key(UserName="user")["AccessKey"]
    return lambda: aws("sqs", credentials=key, region="eu-west-1").list_queues()


def namespaces(answer):
    return [line["ServiceNamespace"] for line in answer["AccessDetails"]]


def test_a_member_without_limits_may_reach_all_services(report, path, member):
    answer = report(f"{path}/{member}")
    assert answer["JobStatus"] == "COMPLETED"
    assert answer["NumberOfServicesAccessible"] == len(reference.prefixes())
    assert answer["NumberOfServicesNotAccessed"] == answer["NumberOfServicesAccessible"]
    assert answer["IsTruncated"] is True
    assert len(answer["AccessDetails"]) == 100


def test_only_services_that_the_policies_leave_open_are_reported(report, path, member, limit):
    limit("sqs:*", "s3:Get*")
    assert namespaces(report(f"{path}/{member}")) == ["s3", "sqs"]


def test_the_last_use_names_the_account_the_region_and_the_time(report, path, member, limit, use_queues):
    limit("sqs:*", "s3:Get*")
    use_queues()
    answer = report(f"{path}/{member}")
    unused, used = answer["AccessDetails"]
    assert used["EntityPath"] == f"{path}/{member}/"
    assert used["Region"] == "eu-west-1"
    assert used["ServiceName"] == "Amazon SQS"
    assert used["TotalAuthenticatedEntities"] == 1
    assert "LastAuthenticatedTime" not in unused
    assert unused["TotalAuthenticatedEntities"] == 0
    assert (answer["NumberOfServicesAccessible"], answer["NumberOfServicesNotAccessed"]) == (2, 1)


def test_the_latest_use_can_come_first(report, path, member, limit, use_queues):
    limit("sqs:*", "s3:Get*")
    use_queues()
    answer = report(f"{path}/{member}", "LAST_AUTHENTICATED_TIME_DESCENDING")
    assert namespaces(answer) == ["sqs", "s3"]


def test_the_root_is_about_what_its_own_policies_leave_open(report, path, member, limit, use_queues):
    limit("sqs:*")
    use_queues()
    answer = report(path)
    assert answer["NumberOfServicesAccessible"] == len(reference.prefixes())
    assert answer["NumberOfServicesNotAccessed"] == answer["NumberOfServicesAccessible"] - 1


def test_a_policy_can_be_asked_about(report, path, member, limit):
    identifier = limit("sqs:*")
    assert namespaces(report(f"{path}/{member}", OrganizationsPolicyId=identifier)) == ["sqs"]


@pytest.mark.parametrize("below", ["", "/ou-aaaa-11111111"])
def test_what_is_not_in_the_organization_cannot_be_reported(report, path, member, below):
    answer = report(f"{path}{below}", **({} if below else {"OrganizationsPolicyId": "p-nosuchpolicy"}))
    assert answer["JobStatus"] == "FAILED"
    assert path in answer["ErrorDetails"]["Message"]


def test_only_the_management_account_gets_reports(aws, path, member, clock):
    theirs = aws("iam", account=member)
    job = theirs.generate_organizations_access_report(EntityPath=path)["JobId"]
    clock.advance(seconds=1)
    assert theirs.get_organizations_access_report(JobId=job)["JobStatus"] == "FAILED"


def test_one_report_is_made_at_a_time(iam, path, refused):
    job = iam.generate_organizations_access_report(EntityPath=path)["JobId"]
    with refused("ReportGenerationLimitExceeded"):
        iam.generate_organizations_access_report(EntityPath=path)
    assert iam.get_organizations_access_report(JobId=job)["JobStatus"] == "IN_PROGRESS"


def test_a_job_that_nobody_asked_for_is_not_found(iam, refused):
    with refused("NoSuchEntity"):
        iam.get_organizations_access_report(JobId=str(uuid.uuid4()))
