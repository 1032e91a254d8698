"""Names, contacts, email addresses and regions of accounts."""

from __future__ import annotations

import json
import urllib.request
import uuid
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest

CONTACT = {
    "FullName": "Ada",
    "AddressLine1": "1 Way",
    "City": "Town",
    "PostalCode": "12345",
    "CountryCode": "US",
    "PhoneNumber": "+12065550100",
}
ALTERNATE = {"Name": "Bob", "Title": "Boss", "EmailAddress": "bob@example.com", "PhoneNumber": "+12065550101"}


@pytest.fixture
def account(aws):
    return aws("account")


@pytest.fixture
def refused(account):
    @contextmanager
    def refused(code, message=""):
        with pytest.raises(account.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code
        assert message in error["Message"]

    return refused


@pytest.fixture
def member(aws, clock):
    """The number of a member of the account's new organization, which trusts Account Management."""
    org = aws("organizations")
    org.create_organization()
    org.enable_aws_service_access(ServicePrincipal="account.amazonaws.com")
    email = f"{uuid.uuid4().hex}@example.com"
    request = org.create_account(AccountName="member", Email=email)["CreateAccountStatus"]["Id"]
    clock.advance(seconds=1)
    return org.describe_create_account_status(CreateAccountRequestId=request)["CreateAccountStatus"]["AccountId"]


@pytest.fixture
def passcode(aws):
    """The last one-time passcode in the mailbox: `passcode(account="123456789012")`."""

    def passcode(**wanted):
        url = f"{aws.endpoint}/_fogbank/mail?{urlencode({'service': 'account', **wanted})}"
        with urllib.request.urlopen(url) as answer:
            return json.loads(answer.read())["mail"][0]["body"].split()[-1]

    return passcode


# -- names


def test_every_account_has_a_name(aws, account):
    information = account.get_account_information()
    assert (information["AccountId"], information["AccountState"]) == (aws.account, "ACTIVE")
    account.put_account_name(AccountName="mine")
    assert account.get_account_information()["AccountName"] == "mine"


def test_a_new_name_shows_in_the_organization(aws, account, member):
    account.put_account_name(AccountId=member, AccountName="renamed")
    assert aws("organizations").describe_account(AccountId=member)["Account"]["Name"] == "renamed"


def test_there_is_no_govcloud(account, refused):
    with refused("ResourceNotFoundException"):
        account.get_gov_cloud_account_information()


# -- contacts


def test_a_contact_is_put_and_shown(account, refused):
    with refused("ResourceNotFoundException"):
        account.get_contact_information()
    account.put_contact_information(ContactInformation=CONTACT)
    answer = account.get_contact_information()
    assert answer["ContactInformation"] == CONTACT
    assert answer["VerificationStatus"] == "UNVERIFIED"


def test_a_phone_number_is_verified_by_a_passcode(aws, account, passcode, refused):
    account.put_contact_information(ContactInformation=CONTACT)
    with refused("ConflictException"):
        account.verify_phone_number(Otp="123456")
    assert account.send_phone_number_verification()["Status"] == "PENDING"
    right = passcode(account=aws.account)
    wrong = "000000" if right != "000000" else "111111"
    with refused("ValidationException"):
        account.verify_phone_number(Otp=wrong)
    assert account.verify_phone_number(Otp=right)["Status"] == "VERIFIED"
    with refused("ConflictException"):
        account.send_phone_number_verification()
    account.put_contact_information(ContactInformation={**CONTACT, "City": "Elsewhere"})
    assert account.get_contact_information()["VerificationStatus"] == "VERIFIED"
    account.put_contact_information(ContactInformation={**CONTACT, "PhoneNumber": "+12065550199"})
    assert account.get_contact_information()["VerificationStatus"] == "UNVERIFIED"


def test_a_passcode_is_good_for_ten_minutes(aws, account, passcode, clock, refused):
    account.put_contact_information(ContactInformation=CONTACT)
    account.send_phone_number_verification()
    clock.advance(minutes=11)
    with refused("ValidationException"):
        account.verify_phone_number(Otp=passcode(account=aws.account))


def test_alternate_contacts_are_kept_by_type(account, refused):
    account.put_alternate_contact(AlternateContactType="BILLING", **ALTERNATE)
    shown = account.get_alternate_contact(AlternateContactType="BILLING")["AlternateContact"]
    assert shown == {**ALTERNATE, "AlternateContactType": "BILLING"}
    with refused("ResourceNotFoundException", "No contact of the inputted alternate contact type found."):
        account.get_alternate_contact(AlternateContactType="SECURITY")
    account.delete_alternate_contact(AlternateContactType="BILLING")
    with refused("ResourceNotFoundException"):
        account.delete_alternate_contact(AlternateContactType="BILLING")


# -- members


def test_the_management_account_manages_its_members(aws, account, member):
    account.put_alternate_contact(AccountId=member, AlternateContactType="SECURITY", **ALTERNATE)
    theirs = aws("account", account=member).get_alternate_contact(AlternateContactType="SECURITY")
    assert theirs["AlternateContact"]["Name"] == "Bob"


def test_others_may_not(aws, account, member, refused):
    with refused("AccessDeniedException", "account:GetContactInformation (This operation can only be called"):
        aws("account", account=member).get_contact_information(AccountId=aws.account)
    with refused("AccessDeniedException", "can only be managed using the standalone context"):
        account.get_contact_information(AccountId=aws.account)
    with refused("AccessDeniedException", "not a member of your organization"):
        account.get_contact_information(AccountId="123456789012")


def test_the_organization_has_to_trust_account_management(aws, account, member, refused):
    aws("organizations").disable_aws_service_access(ServicePrincipal="account.amazonaws.com")
    with refused("AccessDeniedException", "Your organization must first enable trusted access"):
        account.get_account_information(AccountId=member)


def test_a_delegated_administrator_manages_members(aws, member, clock):
    org = aws("organizations")
    org.register_delegated_administrator(AccountId=member, ServicePrincipal="account.amazonaws.com")
    assert aws("account", account=member).get_account_information(AccountId=member)["AccountName"] == "member"


def test_an_email_address_changes_by_a_passcode(aws, account, member, passcode, refused):
    before = account.get_primary_email(AccountId=member)["PrimaryEmail"]
    new = f"{uuid.uuid4().hex}@example.com"
    with refused("ResourceNotFoundException"):
        account.get_primary_email_update_status(AccountId=member)
    with refused("ConflictException"):
        account.start_primary_email_update(AccountId=member, PrimaryEmail=before)
    assert account.start_primary_email_update(AccountId=member, PrimaryEmail=new)["Status"] == "PENDING"
    assert account.get_primary_email(AccountId=member)["PrimaryEmail"] == before
    right = passcode(to=new)
    with refused("ResourceNotFoundException"):
        account.accept_primary_email_update(AccountId=member, PrimaryEmail="other@example.com", Otp=right)
    account.accept_primary_email_update(AccountId=member, PrimaryEmail=new, Otp=right)
    assert account.get_primary_email_update_status(AccountId=member)["Status"] == "COMPLETED"
    assert aws("organizations").describe_account(AccountId=member)["Account"]["Email"] == new


def test_only_administrators_know_email_addresses(aws, member, refused):
    with refused("AccessDeniedException"):
        aws("account", account=member).get_primary_email(AccountId=member)


# -- regions


def test_regions_are_listed_with_their_status(account):
    pages = account.get_paginator("list_regions").paginate(PaginationConfig={"PageSize": 10})
    regions = {region["RegionName"]: region["RegionOptStatus"] for page in pages for region in page["Regions"]}
    assert regions["us-east-1"] == "ENABLED_BY_DEFAULT"
    assert regions["ap-east-1"] == "DISABLED"
    only = account.list_regions(RegionOptStatusContains=["DISABLED"])["Regions"]
    assert {region["RegionOptStatus"] for region in only} == {"DISABLED"}


def test_a_region_is_enabled_and_disabled_in_time(account, clock, refused):
    def status():
        return account.get_region_opt_status(RegionName="ap-east-1")["RegionOptStatus"]

    account.enable_region(RegionName="ap-east-1")
    assert status() == "ENABLING"
    with refused("ConflictException"):
        account.disable_region(RegionName="ap-east-1")
    clock.advance(seconds=1)
    assert status() == "ENABLED"
    account.disable_region(RegionName="ap-east-1")
    clock.advance(seconds=1)
    assert status() == "DISABLED"


def test_regions_that_cannot_change_are_refused(account, refused):
    with refused("ValidationException"):
        account.enable_region(RegionName="us-east-1")
    with refused("ValidationException"):
        account.get_region_opt_status(RegionName="mars-east-1")
    with refused("ValidationException"):
        account.list_regions(NextToken="made up")


def test_permissions_are_asked_about_the_account(aws, account, member, refused):
    iam = aws("iam")
    iam.create_user(UserName="clerk")
    organization = aws("organizations").describe_organization()["Organization"]["Id"]
    arn = f"arn:aws:account::{aws.account}:account/{organization}/{member}"
    document = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"account:GetAccountInformation",'
        f'"Resource":"{arn}"}}}}'
    )
    iam.put_user_policy(UserName="clerk", PolicyName="p", PolicyDocument=document)
    clerk = aws("account", credentials=iam.create_access_key(UserName="clerk")["AccessKey"])
    assert clerk.get_account_information(AccountId=member)["AccountName"] == "member"
    with refused("AccessDeniedException", "account:GetAccountInformation"):
        clerk.get_account_information()
