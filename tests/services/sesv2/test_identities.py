"""Identities: made, verified, described, changed, deleted."""

import json

from tests.services.sesv2.conftest import wait_until


def test_an_address_is_verified_by_the_link_in_a_mail(ses, mailbox):
    made = ses.create_email_identity(EmailIdentity="ada@example.invalid")
    assert (made["IdentityType"], made["VerifiedForSendingStatus"]) == ("EMAIL_ADDRESS", False)
    assert ses.get_email_identity(EmailIdentity="ada@example.invalid")["VerificationStatus"] == "PENDING"
    assert "Congratulations" in mailbox.follow("ada@example.invalid")
    found = ses.get_email_identity(EmailIdentity="ada@example.invalid")
    assert (found["VerificationStatus"], found["VerifiedForSendingStatus"]) == ("SUCCESS", True)
    assert found["FeedbackForwardingStatus"] is True
    assert found["DkimAttributes"]["SigningEnabled"] is False


def test_an_address_is_verified_by_itself_after_a_few_seconds(ses, clock):
    ses.create_email_identity(EmailIdentity="ada@example.org")
    clock.advance(seconds=6)
    assert ses.get_email_identity(EmailIdentity="ada@example.org")["VerificationStatus"] == "SUCCESS"


def test_an_address_that_is_not_verified_within_a_day_fails(ses, clock):
    ses.create_email_identity(EmailIdentity="ada@example.invalid")
    clock.advance(hours=24)
    assert ses.get_email_identity(EmailIdentity="ada@example.invalid")["VerificationStatus"] == "FAILED"


def test_a_domain_has_three_tokens_and_is_verified_when_it_was_looked_at(ses):
    made = ses.create_email_identity(EmailIdentity="example.com", Tags=[{"Key": "a", "Value": "b"}])
    assert made["IdentityType"] == "DOMAIN"
    assert len(made["DkimAttributes"]["Tokens"]) == 3
    found = wait_until(
        lambda: next(
            (f for f in [ses.get_email_identity(EmailIdentity="example.com")] if f["VerifiedForSendingStatus"]), 0
        )
    )
    assert (found["DkimAttributes"]["Status"], found["Tags"]) == ("SUCCESS", [{"Key": "a", "Value": "b"}])
    assert found["DkimAttributes"]["SigningHostedZone"] == "dkim.amazonses.com"


def test_a_domain_under_invalid_is_never_verified(ses, clock):
    ses.create_email_identity(EmailIdentity="example.invalid")
    clock.advance(hours=71)
    assert ses.get_email_identity(EmailIdentity="example.invalid")["VerificationStatus"] == "PENDING"
    clock.advance(hours=1)
    assert ses.get_email_identity(EmailIdentity="example.invalid")["VerificationStatus"] == "FAILED"


def test_an_identity_is_made_once_and_has_to_be_one(ses, refused):
    ses.create_email_identity(EmailIdentity="example.com")
    with refused("AlreadyExistsException", "already exist"):
        ses.create_email_identity(EmailIdentity="example.com")
    with refused("BadRequestException", "Invalid email address<a b@example.com>"):
        ses.create_email_identity(EmailIdentity="a b@example.com")
    with refused("NotFoundException", "Email identity other.com does not exist."):
        ses.get_email_identity(EmailIdentity="other.com")


def test_identities_are_listed_in_pages(ses, refused):
    for name in ("a.com", "b.com", "c.com"):
        ses.create_email_identity(EmailIdentity=name)
    page = ses.list_email_identities(PageSize=2)
    assert [each["IdentityName"] for each in page["EmailIdentities"]] == ["a.com", "b.com"]
    page = ses.list_email_identities(PageSize=2, NextToken=page["NextToken"])
    assert [each["IdentityName"] for each in page["EmailIdentities"]] == ["c.com"]
    assert "NextToken" not in page
    with refused("BadRequestException"):
        ses.list_email_identities(NextToken="nonsense")


def test_a_mail_from_domain_is_below_the_identity(ses, refused):
    ses.create_email_identity(EmailIdentity="example.com")
    ses.put_email_identity_mail_from_attributes(EmailIdentity="example.com", MailFromDomain="mail.example.com")

    def status():
        found = ses.get_email_identity(EmailIdentity="example.com")["MailFromAttributes"]
        return found["MailFromDomainStatus"] == "SUCCESS" and found

    assert wait_until(status)["BehaviorOnMxFailure"] == "USE_DEFAULT_VALUE"
    with refused("BadRequestException", "not subdomain"):
        ses.put_email_identity_mail_from_attributes(EmailIdentity="example.com", MailFromDomain="mail.other.com")


def test_policies_of_an_identity_are_kept(ses, refused):
    ses.create_email_identity(EmailIdentity="example.com")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "ses:SendEmail", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    named = {"EmailIdentity": "example.com", "PolicyName": "p"}
    ses.create_email_identity_policy(**named, Policy=policy)
    assert ses.get_email_identity_policies(EmailIdentity="example.com")["Policies"] == {"p": policy}
    with refused("AlreadyExistsException"):
        ses.create_email_identity_policy(**named, Policy=policy)
    with refused("BadRequestException", "not valid JSON"):
        ses.update_email_identity_policy(**named, Policy="{")
    ses.delete_email_identity_policy(**named)
    with refused("NotFoundException"):
        ses.delete_email_identity_policy(**named)


def test_a_deleted_identity_is_gone(ses, refused):
    ses.create_email_identity(EmailIdentity="example.com")
    ses.delete_email_identity(EmailIdentity="example.com")
    with refused("NotFoundException"):
        ses.delete_email_identity(EmailIdentity="example.com")


def test_tags_are_set_and_removed(ses, aws):
    ses.create_email_identity(EmailIdentity="example.com")
    arn = f"arn:aws:ses:us-east-1:{aws.account}:identity/example.com"
    ses.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    ses.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert ses.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_a_domain_with_a_zone_here_is_verified_when_its_records_are_in_it(ses, aws, clock):
    route53, domain = aws("route53"), f"d{aws.account}.com"
    zone = route53.create_hosted_zone(Name=domain, CallerReference="1")["HostedZone"]["Id"]
    tokens = ses.create_email_identity(EmailIdentity=domain)["DkimAttributes"]["Tokens"]
    clock.advance(minutes=5)
    found = ses.get_email_identity(EmailIdentity=domain)
    assert (found["VerificationStatus"], found["VerificationInfo"]["ErrorType"]) == ("PENDING", "HOST_NOT_FOUND")
    changes = [
        {
            "Action": "CREATE",
            "ResourceRecordSet": {
                "Name": f"{token}._domainkey.{domain}",
                "Type": "CNAME",
                "TTL": 60,
                "ResourceRecords": [{"Value": f"{token}.dkim.amazonses.com"}],
            },
        }
        for token in tokens
    ]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    clock.advance(minutes=15)
    assert ses.get_email_identity(EmailIdentity=domain)["VerificationStatus"] == "SUCCESS"
