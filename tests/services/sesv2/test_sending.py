"""Mails: sent, refused, rendered, counted."""

import email
import json

import pytest

from tests.services.sesv2.conftest import SENDER, simple

TO = {"ToAddresses": ["bob@example.net"]}


def test_a_mail_is_in_the_mailbox_of_each_recipient_as_mime(ses, sender, mailbox):
    content = simple("Grüße", "Hallo", Headers=[{"Name": "X-Order", "Value": "7"}])
    content["Simple"]["Body"]["Html"] = {"Data": "<b>Hallo</b>"}
    destination = {**TO, "CcAddresses": ["cy@example.net"], "BccAddresses": ["dee@example.net"]}
    sent = ses.send_email(
        FromEmailAddress=f"Shop <{sender}>",
        Destination=destination,
        Content=content,
        ReplyToAddresses=["re@example.com"],
    )
    (mail,) = mailbox.mails("bob@example.net")
    assert (mail["subject"], mail["sender"], mail["body"]) == ("Grüße", f"Shop <{sender}>", "Hallo")
    assert mail["about"]["MessageId"] == sent["MessageId"]
    mime = email.message_from_string(mail["about"]["Raw"])
    assert mime["Message-ID"] == f"<{sent['MessageId']}@email.amazonses.com>"
    assert (mime["X-Order"], mime["Reply-To"], mime["Cc"]) == ("7", "re@example.com", "cy@example.net")
    assert "dee@example.net" not in mail["about"]["Raw"]
    assert [part.get_content_type() for part in mime.walk()][1:] == ["text/plain", "text/html"]
    assert len(mailbox.mails("cy@example.net")) == len(mailbox.mails("dee@example.net")) == 1


def test_attachments_are_parts_of_the_mail(ses, sender, mailbox):
    attachment = {"RawContent": b"%PDF", "FileName": "bill.pdf", "ContentType": "application/pdf"}
    ses.send_email(FromEmailAddress=sender, Destination=TO, Content=simple(Attachments=[attachment]))
    mime = email.message_from_string(mailbox.mails("bob@example.net")[0]["about"]["Raw"])
    (part,) = [part for part in mime.walk() if part.get_filename() == "bill.pdf"]
    assert (part.get_content_type(), part.get_payload(decode=True)) == ("application/pdf", b"%PDF")


def test_a_raw_mail_keeps_its_headers_and_goes_to_those_it_names(ses, sender, mailbox):
    raw = f"From: {sender}\r\nTo: bob@example.net\r\nSubject: Raw\r\nX-Mine: 1\r\n\r\nBody\r\n".encode()
    ses.send_email(Content={"Raw": {"Data": raw}})
    (mail,) = mailbox.mails("bob@example.net")
    assert (mail["subject"], mail["body"]) == ("Raw", "Body")
    assert "X-Mine: 1" in mail["about"]["Raw"]


def test_in_the_sandbox_senders_and_recipients_have_to_be_verified(ses, verified, refused, mailbox):
    with refused(
        "MessageRejected",
        "Email address is not verified. The following identities failed the check in region US-EAST-1: shop@example.com",
    ):
        ses.send_email(FromEmailAddress=SENDER, Destination=TO, Content=simple())
    verified("example.com")
    with refused("MessageRejected", "failed the check in region US-EAST-1: bob@example.net"):
        ses.send_email(FromEmailAddress=SENDER, Destination=TO, Content=simple())
    verified("bob@example.net")
    ses.send_email(FromEmailAddress=SENDER, Destination=TO, Content=simple())
    ses.send_email(
        FromEmailAddress=SENDER, Destination={"ToAddresses": ["success@simulator.amazonses.com"]}, Content=simple()
    )
    assert mailbox.mails("bob@example.net")[0]["subject"] == "Hello"


def test_an_account_tells_its_quota_and_what_was_sent(ses, verified, refused):
    found = ses.get_account()
    assert (found["ProductionAccessEnabled"], found["SendQuota"]["Max24HourSend"]) == (False, 200.0)
    verified("example.com")
    to = {"ToAddresses": ["success@simulator.amazonses.com"] * 50}
    for _ in range(4):
        ses.send_email(FromEmailAddress=SENDER, Destination=to, Content=simple())
    assert ses.get_account()["SendQuota"]["SentLast24Hours"] == 200.0
    with refused("LimitExceededException", "Daily message quota exceeded."):
        ses.send_email(FromEmailAddress=SENDER, Destination=to, Content=simple())


def test_sending_can_be_paused(ses, sender, refused):
    ses.put_account_sending_attributes(SendingEnabled=False)
    with refused("SendingPausedException", "Email sending is disabled"):
        ses.send_email(FromEmailAddress=sender, Destination=TO, Content=simple())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"FromEmailAddress": "nobody"}, "Missing final '@domain'"),
        ({"FromEmailAddress": "zoë@example.com"}, "Local address contains illegal characters"),
        ({"Destination": {"ToAddresses": [f"a{n}@b.com" for n in range(51)]}}, "Recipient count exceeds 50."),
        ({"Content": {}}, "Exactly one of"),
        ({"Content": simple(Headers=[{"Name": "To", "Value": "x@y.z"}])}, "Header To cannot be specified"),
    ],
)
def test_mails_that_are_none_are_refused(ses, sender, refused, change, message):
    request = {"FromEmailAddress": sender, "Destination": TO, "Content": simple()}
    with refused("BadRequestException", message):
        ses.send_email(**{**request, **change})


# -- templates


@pytest.fixture
def template(ses):
    content = {
        "Subject": "Order {{id}}",
        "Text": "{{#each items}}{{@index}}:{{name}} {{/each}}{{#if paid}}paid{{else}}open{{/if}}",
        "Html": "<p>{{customer.name}}</p>",
    }
    ses.create_email_template(TemplateName="order", TemplateContent=content)
    return "order"


DATA = {"id": 7, "items": [{"name": "tea"}, {"name": "milk"}], "paid": False, "customer": {"name": "Ada"}}


def test_a_template_is_rendered_for_a_mail(ses, sender, mailbox, template):
    content = {"Template": {"TemplateName": template, "TemplateData": json.dumps(DATA)}}
    ses.send_email(FromEmailAddress=sender, Destination=TO, Content=content)
    (mail,) = mailbox.mails("bob@example.net")
    assert (mail["subject"], mail["body"], mail["about"]["Html"]) == ("Order 7", "0:tea 1:milk open", "<p>Ada</p>")


def test_a_template_is_rendered_for_a_test(ses, template, refused):
    rendered = ses.test_render_email_template(TemplateName=template, TemplateData=json.dumps(DATA))
    mime = email.message_from_string(rendered["RenderedTemplate"])
    assert mime["Subject"] == "Order 7"
    with refused("BadRequestException", "Attribute 'id' is not present in the rendering data."):
        ses.test_render_email_template(TemplateName=template, TemplateData="{}")


def test_many_mails_are_rendered_each_with_its_data(ses, sender, mailbox, template):
    entries = [
        {
            "Destination": {"ToAddresses": [to]},
            "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": json.dumps({"id": nth})}},
        }
        for nth, to in enumerate(("a@example.net", "b@example.net", "no address"))
    ]
    content = {"Template": {"TemplateName": template, "TemplateData": json.dumps(DATA)}}
    sent = ses.send_bulk_email(FromEmailAddress=sender, DefaultContent=content, BulkEmailEntries=entries)
    statuses = [each["Status"] for each in sent["BulkEmailEntryResults"]]
    assert statuses == ["SUCCESS", "SUCCESS", "INVALID_PARAMETER"]
    assert mailbox.mails("b@example.net")[0]["subject"] == "Order 1"


def test_templates_are_kept_listed_and_deleted(ses, template, refused):
    with refused("AlreadyExistsException"):
        ses.create_email_template(TemplateName=template, TemplateContent={"Subject": "a", "Text": "b"})
    with refused("BadRequestException", "not valid"):
        ses.update_email_template(TemplateName=template, TemplateContent={"Subject": "a", "Text": "{{#if x}}"})
    ses.update_email_template(TemplateName=template, TemplateContent={"Subject": "a", "Text": "b"})
    assert ses.get_email_template(TemplateName=template)["TemplateContent"] == {"Subject": "a", "Text": "b"}
    assert [each["TemplateName"] for each in ses.list_email_templates()["TemplatesMetadata"]] == [template]
    ses.delete_email_template(TemplateName=template)
    with refused("NotFoundException", "Template order does not exist."):
        ses.get_email_template(TemplateName=template)


def test_a_custom_mail_verifies_an_address(ses, verified, mailbox, aws):
    verified("example.com")
    endpoint = mailbox.endpoint
    ses.create_custom_verification_email_template(
        TemplateName="welcome",
        FromEmailAddress=SENDER,
        TemplateSubject="Welcome",
        TemplateContent="<p>Hello</p>",
        SuccessRedirectionURL=f"{endpoint}/_fogbank/mail",
        FailureRedirectionURL=f"{endpoint}/_fogbank/mail",
    )
    ses.send_custom_verification_email(EmailAddress="eve@example.net", TemplateName="welcome")
    assert mailbox.mails("eve@example.net")[0]["subject"] == "Welcome"
    mailbox.follow("eve@example.net")
    assert ses.get_email_identity(EmailIdentity="eve@example.net")["VerificationStatus"] == "SUCCESS"


# -- permissions


def test_another_account_sends_with_the_policy_of_an_identity(ses, sender, aws, refused):
    other = aws("sesv2", account="313131313131")
    other.put_account_details(MailType="TRANSACTIONAL", WebsiteURL="https://x.com", ProductionAccessEnabled=True)
    arn = f"arn:aws:ses:us-east-1:{aws.account}:identity/example.com"
    request = {
        "FromEmailAddress": sender,
        "FromEmailAddressIdentityArn": arn,
        "Destination": TO,
        "Content": simple(),
    }
    with refused("AccessDeniedException"):
        other.send_email(**request)
    statement = {"Effect": "Allow", "Principal": {"AWS": "313131313131"}, "Action": "ses:SendEmail", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    ses.create_email_identity_policy(EmailIdentity="example.com", PolicyName="p", Policy=policy)
    assert other.send_email(**request)["MessageId"]


def test_a_raw_mail_is_permitted_by_who_it_is_from(ses, sender, aws):
    iam = aws("iam")
    iam.create_user(UserName="u")
    arn = f"arn:aws:ses:us-east-1:{aws.account}:identity/example.com"
    condition = {"StringEquals": {"ses:FromAddress": sender}}
    allow = {"Effect": "Allow", "Action": "ses:SendRawEmail", "Resource": arn, "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="u")["AccessKey"]
    user = aws("sesv2", credentials=key)

    def send(sender):
        raw = f"From: {sender}\r\nTo: bob@example.net\r\n\r\nx".encode()
        return user.send_email(Content={"Raw": {"Data": raw}})

    assert send(sender)["MessageId"]
    with pytest.raises(user.exceptions.ClientError, match="not authorized to perform: ses:SendRawEmail"):
        send("other@example.com")


def test_a_tenant_sends_with_what_is_its_own(ses, sender, aws, refused):
    made = ses.create_tenant(TenantName="red")
    assert made["TenantArn"] == f"arn:aws:ses:us-east-1:{aws.account}:tenant/red/{made['TenantId']}"
    request = {"FromEmailAddress": sender, "Destination": TO, "Content": simple(), "TenantName": "red"}
    with refused("MessageRejected", "is not associated with tenant red"):
        ses.send_email(**request)
    arn = f"arn:aws:ses:us-east-1:{aws.account}:identity/example.com"
    ses.create_tenant_resource_association(TenantName="red", ResourceArn=arn)
    assert ses.send_email(**request)["MessageId"]
    (found,) = ses.list_tenant_resources(TenantName="red")["TenantResources"]
    assert found == {"ResourceType": "EMAIL_IDENTITY", "ResourceArn": arn}
    assert [each["TenantName"] for each in ses.list_resource_tenants(ResourceArn=arn)["ResourceTenants"]] == ["red"]
    ses.delete_tenant(TenantName="red")
    with refused("NotFoundException", "Tenant red does not exist."):
        ses.send_email(**request)
