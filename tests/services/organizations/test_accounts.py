"""Accounts: created, used, removed, closed."""

from __future__ import annotations

from fogbank.testing.clients import fresh_account


def test_an_account_is_created_in_time(org, root, clock):
    status = org.create_account(AccountName="dev", Email="dev-in-time@example.com")["CreateAccountStatus"]
    assert (status["State"], status["AccountName"]) == ("IN_PROGRESS", "dev")
    assert "AccountId" not in status
    clock.advance(seconds=1)
    done = org.describe_create_account_status(CreateAccountRequestId=status["Id"])["CreateAccountStatus"]
    assert done["State"] == "SUCCEEDED"
    account = org.describe_account(AccountId=done["AccountId"])["Account"]
    assert (account["Name"], account["Email"]) == ("dev", "dev-in-time@example.com")
    assert (account["JoinedMethod"], account["State"]) == ("CREATED", "ACTIVE")
    assert account["Paths"][0].endswith(f"/{root}/{done['AccountId']}/")


def test_the_management_account_enters_a_new_account_by_its_role(aws, member):
    role = f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole"
    keys = aws("sts").assume_role(RoleArn=role, RoleSessionName="admin")["Credentials"]
    assert aws("sts", credentials=keys).get_caller_identity()["Account"] == member
    aws("sqs", credentials=keys).create_queue(QueueName="made-by-the-admin")
    urls = aws("sqs", account=member).list_queues()["QueueUrls"]
    assert [url.rpartition("/")[2] for url in urls] == ["made-by-the-admin"]


def test_the_role_can_have_another_name(aws, root, make_account):
    account = make_account(RoleName="Door")
    assert aws("iam", account=account).get_role(RoleName="Door")["Role"]["RoleName"] == "Door"


def test_an_email_address_belongs_to_one_account(org, member, clock):
    email = org.describe_account(AccountId=member)["Account"]["Email"]
    request = org.create_account(AccountName="again", Email=email.upper())["CreateAccountStatus"]["Id"]
    clock.advance(seconds=1)
    status = org.describe_create_account_status(CreateAccountRequestId=request)["CreateAccountStatus"]
    assert (status["State"], status["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")


def test_requests_are_listed_by_state(org, member, clock):
    org.create_account(AccountName="two", Email=f"{fresh_account()}@example.com")
    states = [status["State"] for status in org.list_create_account_status()["CreateAccountStatuses"]]
    assert sorted(states) == ["IN_PROGRESS", "SUCCEEDED"]
    (done,) = org.list_create_account_status(States=["SUCCEEDED"])["CreateAccountStatuses"]
    assert done["AccountId"] == member


def test_five_accounts_are_created_at_a_time(org, root, refused):
    for number in range(5):
        org.create_account(AccountName="x", Email=f"{number}-{fresh_account()}@example.com")
    with refused("ConstraintViolationException", reason="ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED"):
        org.create_account(AccountName="x", Email=f"{fresh_account()}@example.com")


def test_a_reserved_role_name_is_refused(org, root, refused):
    with refused("InvalidInputException", reason="INVALID_ROLE_NAME"):
        org.create_account(AccountName="x", Email="role@example.com", RoleName="AWSServiceRoleForMe")


def test_there_is_no_govcloud(org, root, refused):
    with refused("ConstraintViolationException", reason="MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED"):
        org.create_gov_cloud_account(AccountName="x", Email="gov@example.com")


def test_unknown_requests_and_accounts_are_not_found(org, root, refused):
    with refused("CreateAccountStatusNotFoundException"):
        org.describe_create_account_status(CreateAccountRequestId="car-00000000")
    with refused("AccountNotFoundException"):
        org.describe_account(AccountId="123456789012")


# -- leaving


def test_a_created_account_leaves_after_four_days(org, aws, member, clock, refused):
    with refused("ConstraintViolationException", reason="WAIT_PERIOD_ACTIVE"):
        org.remove_account_from_organization(AccountId=member)
    clock.advance(days=4)
    org.remove_account_from_organization(AccountId=member)
    with refused("AccountNotFoundException"):
        org.describe_account(AccountId=member)
    with refused("AWSOrganizationsNotInUseException"):
        aws("organizations", account=member).describe_organization()


def test_a_member_leaves_by_itself(org, aws, member, clock):
    clock.advance(days=4)
    aws("organizations", account=member).leave_organization()
    assert [account["Id"] for account in org.list_accounts()["Accounts"]] == [aws.account]


def test_the_management_account_stays(org, aws, root, refused):
    with refused("MasterCannotLeaveOrganizationException"):
        org.leave_organization()
    with refused("MasterCannotLeaveOrganizationException"):
        org.remove_account_from_organization(AccountId=aws.account)


def test_an_account_that_left_keeps_what_it_has(org, aws, member, clock):
    aws("sqs", account=member).create_queue(QueueName="kept")
    clock.advance(days=4)
    org.remove_account_from_organization(AccountId=member)
    assert aws("sqs", account=member).list_queues()["QueueUrls"]
    assert aws("account", account=member).get_account_information()["AccountName"] == "member"


# -- closing


def test_a_closed_account_is_suspended_and_gone_after_ninety_days(org, member, clock, refused):
    org.close_account(AccountId=member)
    assert org.describe_account(AccountId=member)["Account"]["State"] == "PENDING_CLOSURE"
    with refused("ConflictException"):
        org.close_account(AccountId=member)
    clock.advance(seconds=1)
    assert org.describe_account(AccountId=member)["Account"]["Status"] == "SUSPENDED"
    with refused("AccountAlreadyClosedException"):
        org.close_account(AccountId=member)
    clock.advance(days=90)
    with refused("AccountNotFoundException"):
        org.describe_account(AccountId=member)


def test_the_management_account_stays_open(org, aws, root, refused):
    with refused("ConstraintViolationException", reason="CANNOT_CLOSE_MANAGEMENT_ACCOUNT"):
        org.close_account(AccountId=aws.account)


# -- tags


def test_tags_of_everything_that_has_them(org, root, member, make_unit, make_policy, statement):
    tag = [{"Key": "team", "Value": "a"}]
    resources = [root, member, make_unit(Tags=tag), make_policy(statement("Deny", "sqs:*"), Tags=tag)]
    for resource in resources:
        org.tag_resource(ResourceId=resource, Tags=[*tag, {"Key": "stage", "Value": ""}])
        assert org.list_tags_for_resource(ResourceId=resource)["Tags"] == [{"Key": "stage", "Value": ""}, *tag]
        org.untag_resource(ResourceId=resource, TagKeys=["stage", "unknown"])
        assert org.list_tags_for_resource(ResourceId=resource)["Tags"] == tag


def test_a_new_account_has_its_tags(org, root, make_account):
    account = make_account(Tags=[{"Key": "team", "Value": "a"}])
    assert org.list_tags_for_resource(ResourceId=account)["Tags"] == [{"Key": "team", "Value": "a"}]


def test_tags_that_are_not_allowed_are_refused(org, root, refused):
    twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    with refused("InvalidInputException", reason="DUPLICATE_TAG_KEY"):
        org.tag_resource(ResourceId=root, Tags=twice)
    with refused("InvalidInputException", reason="INVALID_SYSTEM_TAGS_PARAMETER"):
        org.tag_resource(ResourceId=root, Tags=[{"Key": "aws:a", "Value": "1"}])
    with refused("ConstraintViolationException", reason="MAX_TAG_LIMIT_EXCEEDED"):
        org.tag_resource(ResourceId=root, Tags=[{"Key": f"{number}", "Value": ""} for number in range(51)])
    with refused("TargetNotFoundException"):
        org.tag_resource(ResourceId="p-00000000", Tags=[])
