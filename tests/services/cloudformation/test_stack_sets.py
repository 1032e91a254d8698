"""Stack sets: one template becomes stacks in several accounts and Regions."""

import json
import uuid

import pytest

from fogbank.testing.clients import fresh_account
from tests.services.cloudformation.conftest import refused, template

REGIONS = ["us-east-1", "eu-west-1"]
EXECUTION = "AWSCloudFormationStackSetExecutionRole"
ADMINISTRATION = "AWSCloudFormationStackSetAdministrationRole"
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Name"}}}
BODY = template({"Queue": QUEUE}, Parameters={"Name": {"Type": "String", "Default": "q"}})


def make_role(aws, name, principal, account=None):
    iam = aws("iam", account=account)
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(everything))


@pytest.fixture
def administered(aws):
    """The account has the administration role."""
    make_role(aws, ADMINISTRATION, {"Service": "cloudformation.amazonaws.com"})
    return aws.account


@pytest.fixture
def members(aws, administered):
    """Two accounts that trust the administrator."""
    accounts = sorted(fresh_account() for _ in range(2))
    for account in accounts:
        make_role(aws, EXECUTION, {"AWS": f"arn:aws:iam::{administered}:root"}, account)
    return accounts


@pytest.fixture
def fleet(cloudformation, settle):
    cloudformation.create_stack_set(StackSetName="fleet", TemplateBody=BODY)
    return Fleet(cloudformation, settle)


class Fleet:
    def __init__(self, client, settle):
        self.client = client
        self.settle = settle

    def do(self, operation, accounts, regions=REGIONS, **more):
        """Has an operation done. Returns what became of it."""
        places = {"Accounts": accounts, "Regions": regions} if accounts else {}
        answer = getattr(self.client, operation)(StackSetName="fleet", **places, **more)
        for _ in range(3):
            self.settle()
        return self.operation(answer["OperationId"])

    def operation(self, id):
        return self.client.describe_stack_set_operation(StackSetName="fleet", OperationId=id)["StackSetOperation"]

    def results(self, operation):
        found = self.client.list_stack_set_operation_results(StackSetName="fleet", OperationId=operation["OperationId"])
        return {(each["Account"], each["Region"]): each for each in found["Summaries"]}

    @property
    def instances(self):
        found = self.client.list_stack_instances(StackSetName="fleet")["Summaries"]
        return {(each["Account"], each["Region"]): each for each in found}


def queues(aws, account, region):
    urls = aws("sqs", account=account, region=region).list_queues().get("QueueUrls", [])
    return [url.rpartition("/")[2] for url in urls]


def test_the_administrator_is_told_of_operations_and_their_stacks(aws, fleet, members):
    queue = aws("sqs").create_queue(QueueName="told")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{aws.account}:told"
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "*", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    aws("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    pattern = {"source": ["aws.cloudformation"], "detail-type": [{"prefix": "CloudFormation StackSet"}]}
    aws("events").put_rule(Name="sets", EventPattern=json.dumps(pattern))
    aws("events").put_targets(Rule="sets", Targets=[{"Id": "1", "Arn": arn}])
    fleet.do("create_stack_instances", members[:1], REGIONS[:1])
    found = aws("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    details = [json.loads(message["Body"])["detail"] for message in found]
    statuses = [detail["status-details"] for detail in details]
    assert [each.get("detailed-status", each["status"]) for each in statuses] == [
        "RUNNING",  # the operation
        "RUNNING",  # its stack
        "SUCCEEDED",
        "SUCCEEDED",
    ]
    assert {detail["action"] for detail in details} == {"CREATE"}


def test_stacks_are_made_in_all_accounts_and_regions(aws, fleet, members):
    done = fleet.do("create_stack_instances", members)
    assert (done["Status"], done["Action"]) == ("SUCCEEDED", "CREATE")
    assert sorted(fleet.instances) == sorted((account, region) for account in members for region in REGIONS)
    assert {(each["Status"], each["StackInstanceStatus"]["DetailedStatus"]) for each in fleet.instances.values()} == {
        ("CURRENT", "SUCCEEDED")
    }
    for account in members:
        for region in REGIONS:
            assert queues(aws, account, region) == ["q"]
            (stack,) = aws("cloudformation", account=account, region=region).describe_stacks()["Stacks"]
            assert stack["StackId"] == fleet.instances[account, region]["StackId"]
            assert stack["StackName"].startswith("StackSet-fleet-")


def test_values_can_differ_between_stacks(aws, fleet, members):
    first, second = members
    override = [{"ParameterKey": "Name", "ParameterValue": "other"}]
    fleet.do("create_stack_instances", [first], ["us-east-1"])
    fleet.do("create_stack_instances", [second], ["us-east-1"], ParameterOverrides=override)
    assert (queues(aws, first, "us-east-1"), queues(aws, second, "us-east-1")) == (["q"], ["other"])
    found = fleet.client.describe_stack_instance(
        StackSetName="fleet", StackInstanceAccount=second, StackInstanceRegion="us-east-1"
    )
    assert found["StackInstance"]["ParameterOverrides"] == override
    changed = [{"ParameterKey": "Name", "ParameterValue": "third"}]
    fleet.do("update_stack_instances", [second], ["us-east-1"], ParameterOverrides=changed)
    assert queues(aws, second, "us-east-1") == ["third"]


def test_update_of_the_set_changes_its_stacks(aws, fleet, members):
    fleet.do("create_stack_instances", members)
    values = [{"ParameterKey": "Name", "ParameterValue": "new"}]
    done = fleet.do("update_stack_set", None, UsePreviousTemplate=True, Parameters=values)
    assert (done["Status"], done["Action"]) == ("SUCCEEDED", "UPDATE")
    assert all(queues(aws, account, region) == ["new"] for account in members for region in REGIONS)


def test_stacks_that_an_update_does_not_name_are_outdated(fleet, members):
    fleet.do("create_stack_instances", members, ["us-east-1"])
    values = [{"ParameterKey": "Name", "ParameterValue": "new"}]
    fleet.do("update_stack_set", members[:1], ["us-east-1"], UsePreviousTemplate=True, Parameters=values)
    assert [each["Status"] for _, each in sorted(fleet.instances.items())] == ["CURRENT", "OUTDATED"]


def test_deleted_instances_take_their_stacks_along(aws, fleet, members):
    fleet.do("create_stack_instances", members)
    done = fleet.do("delete_stack_instances", members, ["us-east-1"], RetainStacks=False)
    assert done["Status"] == "SUCCEEDED"
    assert [queues(aws, members[0], region) for region in REGIONS] == [[], ["q"]]
    assert {region for _, region in fleet.instances} == {"eu-west-1"}


def test_retained_stacks_stay(aws, fleet, members):
    fleet.do("create_stack_instances", members, ["us-east-1"])
    fleet.do("delete_stack_instances", members, ["us-east-1"], RetainStacks=True)
    assert fleet.instances == {}
    assert queues(aws, members[0], "us-east-1") == ["q"]


def test_set_with_stacks_is_not_deleted(fleet, members):
    fleet.do("create_stack_instances", members, ["us-east-1"])
    with refused("StackSetNotEmptyException", "StackSet is not empty"):
        fleet.client.delete_stack_set(StackSetName="fleet")
    fleet.do("delete_stack_instances", members, ["us-east-1"], RetainStacks=False)
    fleet.client.delete_stack_set(StackSetName="fleet")
    with refused("StackSetNotFoundException", "StackSet fleet not found"):
        fleet.client.describe_stack_set(StackSetName="fleet")
    assert [each["StackSetName"] for each in fleet.client.list_stack_sets(Status="DELETED")["Summaries"]] == ["fleet"]


# -- permissions


def test_administration_role_has_to_be_there(fleet):
    told = f"should have '{ADMINISTRATION}' role with trust relationship to CloudFormation service."
    with refused("ValidationError", told):
        fleet.do("create_stack_instances", [fresh_account()])


def test_account_without_the_execution_role_fails(fleet, administered):
    stranger = fresh_account()
    done = fleet.do("create_stack_instances", [stranger], ["us-east-1"])
    assert done["Status"] == "FAILED"
    told = f"Account {stranger} should have '{EXECUTION}' role with trust relationship to Role '{ADMINISTRATION}'."
    assert fleet.results(done)[stranger, "us-east-1"]["StatusReason"] == told
    assert fleet.instances[stranger, "us-east-1"]["Status"] == "OUTDATED"


def test_stacks_are_made_with_the_permissions_of_the_execution_role(aws, fleet, members):
    nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}]}
    iam = aws("iam", account=members[0])
    iam.put_role_policy(RoleName=EXECUTION, PolicyName="no", PolicyDocument=json.dumps(nothing))
    done = fleet.do("create_stack_instances", members[:1], ["us-east-1"])
    reason = fleet.results(done)[members[0], "us-east-1"]["StatusReason"]
    assert reason.startswith("ResourceLogicalId:Queue, ResourceType:AWS::SQS::Queue, ResourceStatusReason:")


# -- operations


def test_failure_ends_an_operation_beyond_the_tolerance(fleet, members):
    stranger = "000000000001"
    done = fleet.do("create_stack_instances", [stranger, *members], ["us-east-1"])
    assert done["Status"] == "FAILED"
    statuses = {account: each["Status"] for (account, _), each in fleet.results(done).items()}
    assert statuses == {stranger: "FAILED", members[0]: "CANCELLED", members[1]: "CANCELLED"}


def test_tolerated_failure_does_not_end_an_operation(fleet, members):
    preferences = {"FailureToleranceCount": 1, "MaxConcurrentCount": 2}
    stranger = "000000000001"
    done = fleet.do("create_stack_instances", [stranger, *members], ["us-east-1"], OperationPreferences=preferences)
    assert (done["Status"], done["StatusDetails"]) == ("SUCCEEDED", {"FailedStackInstancesCount": 1})
    assert [each["Status"] for _, each in sorted(fleet.results(done).items())] == ["FAILED", "SUCCEEDED", "SUCCEEDED"]


def test_one_operation_is_done_at_a_time(cloudformation, fleet, members):
    cloudformation.create_stack_instances(StackSetName="fleet", Accounts=members, Regions=REGIONS, OperationId="first")
    with refused("OperationInProgressException", "is in progress: first"):
        cloudformation.create_stack_instances(StackSetName="fleet", Accounts=members, Regions=REGIONS)
    with refused("OperationIdAlreadyExistsException", "first"):
        cloudformation.create_stack_instances(
            StackSetName="fleet", Accounts=members, Regions=REGIONS, OperationId="first"
        )


def test_managed_operations_wait_for_each_other(cloudformation, fleet, members):
    cloudformation.update_stack_set(StackSetName="fleet", UsePreviousTemplate=True, ManagedExecution={"Active": True})
    fleet.settle()
    cloudformation.create_stack_instances(
        StackSetName="fleet", Accounts=members, Regions=["us-east-1"], OperationId="a"
    )
    done = fleet.do("create_stack_instances", members, ["eu-west-1"], OperationId="b")
    assert done["Status"] == "SUCCEEDED"
    assert len(fleet.instances) == 4


def test_operation_can_be_stopped(cloudformation, fleet, members):
    cloudformation.create_stack_instances(StackSetName="fleet", Accounts=members, Regions=REGIONS, OperationId="one")
    cloudformation.stop_stack_set_operation(StackSetName="fleet", OperationId="one")
    fleet.settle()
    assert fleet.operation("one")["Status"] == "STOPPED"
    assert "CANCELLED" in {each["Status"] for each in fleet.results(fleet.operation("one")).values()}
    with refused("InvalidOperationException"):
        cloudformation.stop_stack_set_operation(StackSetName="fleet", OperationId="one")
    with refused("OperationNotFoundException"):
        cloudformation.stop_stack_set_operation(StackSetName="fleet", OperationId="none")


def test_operations_are_listed_the_latest_first(fleet, members):
    fleet.do("create_stack_instances", members, ["us-east-1"])
    fleet.do("delete_stack_instances", members, ["us-east-1"], RetainStacks=False)
    found = fleet.client.list_stack_set_operations(StackSetName="fleet")["Summaries"]
    assert [each["Action"] for each in found] == ["DELETE", "CREATE"]
    page = fleet.client.list_stack_set_operations(StackSetName="fleet", MaxResults=1)
    rest = fleet.client.list_stack_set_operations(StackSetName="fleet", NextToken=page["NextToken"])
    assert [each["Action"] for each in rest["Summaries"]] == ["CREATE"]


# -- drift and imports


def test_drift_of_all_stacks_is_detected(aws, cloudformation, fleet, members):
    body = template({"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q", "DelaySeconds": 1}}})
    fleet.do("update_stack_set", None, TemplateBody=body)
    fleet.do("create_stack_instances", members, ["us-east-1"])
    sqs = aws("sqs", account=members[0])
    sqs.set_queue_attributes(QueueUrl=sqs.list_queues()["QueueUrls"][0], Attributes={"DelaySeconds": "9"})
    done = fleet.do("detect_stack_set_drift", None)
    assert done["Status"] == "SUCCEEDED"
    details = done["StackSetDriftDetectionDetails"]
    assert (details["DriftStatus"], details["DriftedStackInstancesCount"], details["TotalStackInstancesCount"]) == (
        "DRIFTED",
        1,
        2,
    )
    assert [each["DriftStatus"] for _, each in sorted(fleet.instances.items())] == ["DRIFTED", "IN_SYNC"]
    found = cloudformation.list_stack_instance_resource_drifts(
        StackSetName="fleet",
        StackInstanceAccount=members[0],
        StackInstanceRegion="us-east-1",
        OperationId=done["OperationId"],
    )["Summaries"]
    assert [each["StackResourceDriftStatus"] for each in found] == ["MODIFIED"]


def test_stack_that_is_there_becomes_one_of_the_set(aws, fleet, members, settle):
    other = aws("cloudformation", account=members[0])
    stack = other.create_stack(StackName="own", TemplateBody=BODY)["StackId"]
    settle()
    done = fleet.do("import_stacks_to_stack_set", None, StackIds=[stack])
    assert done["Status"] == "SUCCEEDED"
    assert fleet.instances[members[0], "us-east-1"]["StackId"] == stack
    with refused("StackNotFoundException"):
        fleet.client.import_stacks_to_stack_set(StackSetName="fleet", StackIds=[stack[:-4] + "0000"])


# -- organizations


@pytest.fixture
def unit(aws, clock):
    """(root, unit, account in the unit) of an organization that trusts stack sets."""
    org = aws("organizations")
    org.create_organization(FeatureSet="ALL")
    root = org.list_roots()["Roots"][0]["Id"]
    made = org.create_organizational_unit(ParentId=root, Name="unit")["OrganizationalUnit"]["Id"]
    org.create_account(AccountName="member", Email=f"{uuid.uuid4().hex}@example.com")
    clock.advance(seconds=5)
    account = next(each["Id"] for each in org.list_accounts()["Accounts"] if each["Id"] != aws.account)
    org.move_account(AccountId=account, SourceParentId=root, DestinationParentId=made)
    return root, made, account


def managed(cloudformation):
    auto = {"Enabled": True, "RetainStacksOnAccountRemoval": False}
    cloudformation.create_stack_set(
        StackSetName="fleet", TemplateBody=BODY, PermissionModel="SERVICE_MANAGED", AutoDeployment=auto
    )


def test_units_of_an_organization_get_their_stacks_without_roles(aws, cloudformation, settle, unit):
    root, _, account = unit
    assert cloudformation.describe_organizations_access()["Status"] == "DISABLED"
    with refused("ValidationError", "You must enable organizations access"):
        managed(cloudformation)
    cloudformation.activate_organizations_access()
    assert cloudformation.describe_organizations_access()["Status"] == "ENABLED"
    managed(cloudformation)
    fleet = Fleet(cloudformation, settle)
    targets = {"OrganizationalUnitIds": [root]}
    done = fleet.do("create_stack_instances", None, Regions=["us-east-1"], DeploymentTargets=targets)
    assert done["Status"] == "SUCCEEDED"
    assert {key: each["OrganizationalUnitId"] for key, each in fleet.instances.items()} == {
        (account, "us-east-1"): root
    }
    assert queues(aws, account, "us-east-1") == ["q"]
    found = cloudformation.list_stack_set_auto_deployment_targets(StackSetName="fleet")["Summaries"]
    assert found == [{"OrganizationalUnitId": root, "Regions": ["us-east-1"]}]
    with refused("ValidationError", "can only have OrganizationalUnit as target"):
        fleet.do("create_stack_instances", [account], ["us-east-1"])


def test_accounts_of_units_are_filtered(cloudformation, settle, unit):
    _, made, account = unit
    cloudformation.activate_organizations_access()
    managed(cloudformation)
    fleet = Fleet(cloudformation, settle)
    targets = {"OrganizationalUnitIds": [made], "Accounts": [account], "AccountFilterType": "DIFFERENCE"}
    fleet.do("create_stack_instances", None, Regions=["us-east-1"], DeploymentTargets=targets)
    assert fleet.instances == {}


# -- sets


def test_set_is_told_as_it_was_made(cloudformation):
    values = [{"ParameterKey": "Name", "ParameterValue": "v"}]
    tags = [{"Key": "k", "Value": "v"}]
    made = cloudformation.create_stack_set(
        StackSetName="fleet", TemplateBody=BODY, Description="d", Parameters=values, Tags=tags
    )
    found = cloudformation.describe_stack_set(StackSetName="fleet")["StackSet"]
    assert (found["StackSetId"], found["Status"], found["Description"]) == (made["StackSetId"], "ACTIVE", "d")
    assert (found["Parameters"], found["Tags"], found["PermissionModel"]) == (values, tags, "SELF_MANAGED")
    assert (found["TemplateBody"], found["ExecutionRoleName"]) == (BODY, EXECUTION)


def test_what_is_no_set_is_refused(cloudformation):
    cloudformation.create_stack_set(StackSetName="fleet", TemplateBody=BODY)
    with refused("NameAlreadyExistsException", "already exists"):
        cloudformation.create_stack_set(StackSetName="fleet", TemplateBody=BODY)
    with refused("ValidationError", "Template format error"):
        cloudformation.create_stack_set(StackSetName="other", TemplateBody="{}")
    with refused("ValidationError", "do not exist in the template"):
        values = [{"ParameterKey": "None", "ParameterValue": "v"}]
        cloudformation.create_stack_set(StackSetName="other", TemplateBody=BODY, Parameters=values)
    with refused("StackInstanceNotFoundException"):
        cloudformation.describe_stack_instance(
            StackSetName="fleet", StackInstanceAccount="000000000001", StackInstanceRegion="us-east-1"
        )
