"""The first version of the API, which has its own names for what the second has, too."""

import email
import json

import pytest

from tests.services.sesv2.conftest import wait_until

SENDER = "shop@example.com"
TO = {"ToAddresses": ["bob@example.net"]}
MESSAGE = {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "How are you?"}}}
BOUNCE = {"ToAddresses": ["bounce@simulator.amazonses.com"]}


def test_an_address_is_verified_by_the_link_in_a_mail(ses, mailbox):
    ses.verify_email_identity(EmailAddress="ada@example.invalid")

    def status():
        found = ses.get_identity_verification_attributes(Identities=["ada@example.invalid", "other@example.invalid"])
        return {name: each["VerificationStatus"] for name, each in found["VerificationAttributes"].items()}

    assert status() == {"ada@example.invalid": "Pending"}
    mailbox.follow("ada@example.invalid")
    assert status() == {"ada@example.invalid": "Success"}
    assert ses.list_verified_email_addresses()["VerifiedEmailAddresses"] == ["ada@example.invalid"]


def test_a_domain_gets_a_token_and_keys(ses):
    token = ses.verify_domain_identity(Domain="example.com")["VerificationToken"]
    assert len(token) == 44
    assert ses.verify_domain_identity(Domain="example.com")["VerificationToken"] == token
    tokens = ses.verify_domain_dkim(Domain="example.com")["DkimTokens"]
    assert len(tokens) == 3

    def keys():
        found = ses.get_identity_dkim_attributes(Identities=["example.com"])["DkimAttributes"]["example.com"]
        return found["DkimVerificationStatus"] == "Success" and found

    assert wait_until(keys)["DkimTokens"] == tokens
    assert ses.list_identities(IdentityType="Domain")["Identities"] == ["example.com"]
    ses.delete_identity(Identity="example.com")
    assert ses.list_identities()["Identities"] == []


def test_a_mail_is_sent_and_counted(ses, sender, mailbox):
    sent = ses.send_email(Source=sender, Destination=TO, Message=MESSAGE)
    (mail,) = mailbox.mails("bob@example.net")
    assert (mail["subject"], mail["body"], mail["service"]) == ("Hello", "How are you?", "ses")
    assert mail["about"]["MessageId"] == sent["MessageId"]
    assert ses.get_send_quota()["SentLast24Hours"] == 1.0
    ses.send_email(Source=sender, Destination=BOUNCE, Message=MESSAGE)
    (point,) = ses.get_send_statistics()["SendDataPoints"]
    assert (point["DeliveryAttempts"], point["Bounces"]) == (2, 1)


def test_a_raw_mail_goes_to_who_is_named_beside_it(ses, sender, mailbox):
    raw = f"From: {sender}\r\nTo: a@example.net\r\nSubject: Raw\r\n\r\nBody\r\n".encode()
    ses.send_raw_email(RawMessage={"Data": raw}, Destinations=["b@example.net"])
    assert mailbox.mails("a@example.net") == []
    assert email.message_from_string(mailbox.mails("b@example.net")[0]["about"]["Raw"])["To"] == "a@example.net"


def test_in_the_sandbox_strangers_are_refused(ses, refused):
    with refused("MessageRejected", "Email address is not verified. The following identities failed the check"):
        ses.send_email(Source=SENDER, Destination=TO, Message=MESSAGE)


def test_templates_are_kept_and_rendered(ses, sender, mailbox, refused):
    template = {"TemplateName": "t", "SubjectPart": "Dear {{name}}", "TextPart": "{{name}}!"}
    ses.create_template(Template=template)
    with refused("AlreadyExists"):
        ses.create_template(Template=template)
    assert ses.get_template(TemplateName="t")["Template"] == template
    assert (
        "Subject: Dear Ada"
        in ses.test_render_template(TemplateName="t", TemplateData='{"name": "Ada"}')["RenderedTemplate"]
    )
    with refused("MissingRenderingAttribute", "Attribute 'name' is not present in the rendering data."):
        ses.test_render_template(TemplateName="t", TemplateData="{}")
    with refused("InvalidRenderingParameter"):
        ses.test_render_template(TemplateName="t", TemplateData="{")
    with refused("TemplateDoesNotExist", "Template u does not exist."):
        ses.send_templated_email(Source=sender, Destination=TO, Template="u", TemplateData="{}")
    ses.send_templated_email(Source=sender, Destination=TO, Template="t", TemplateData='{"name": "Bob"}')
    assert mailbox.mails("bob@example.net")[0]["subject"] == "Dear Bob"
    sent = ses.send_bulk_templated_email(
        Source=sender,
        Template="t",
        DefaultTemplateData='{"name": "all"}',
        Destinations=[{"Destination": TO}, {"Destination": TO, "ReplacementTemplateData": '{"name": "you"}'}],
    )
    assert [each["Status"] for each in sent["Status"]] == ["Success", "Success"]
    assert {mail["subject"] for mail in mailbox.mails("bob@example.net")} == {"Dear Bob", "Dear all", "Dear you"}


def test_policies_may_name_their_identity_by_its_arn(aws, ses, sender):
    arn = f"arn:aws:ses:us-east-1:{aws.account}:identity/example.com"
    ses.put_identity_policy(Identity=arn, PolicyName="p", Policy='{"Statement": [{}]}')
    assert ses.list_identity_policies(Identity="example.com")["PolicyNames"] == ["p"]


def test_the_topic_of_an_identity_is_told_of_bounces(ses, sender, inbox, mailbox):
    ses.set_identity_notification_topic(Identity="example.com", NotificationType="Bounce", SnsTopic=inbox.topic)
    ses.set_identity_headers_in_notifications_enabled(Identity="example.com", NotificationType="Bounce", Enabled=True)
    ses.send_email(Source=sender, Destination=BOUNCE, Message=MESSAGE)
    (told,) = inbox.take()
    assert (told["notificationType"], told["bounce"]["bounceType"]) == ("Bounce", "Permanent")
    assert told["mail"]["commonHeaders"]["subject"] == "Hello"
    found = ses.get_identity_notification_attributes(Identities=["example.com"])["NotificationAttributes"]
    assert (found["example.com"]["BounceTopic"], found["example.com"]["ForwardingEnabled"]) == (inbox.topic, True)
    assert mailbox.mails(sender) == []


def test_configuration_sets_tell_topics(ses, sender, inbox, refused):
    ses.create_configuration_set(ConfigurationSet={"Name": "s"})
    with refused("ConfigurationSetAlreadyExists"):
        ses.create_configuration_set(ConfigurationSet={"Name": "s"})
    destination = {"Name": "d", "Enabled": True, "MatchingEventTypes": ["send", "renderingFailure"]}
    ses.create_configuration_set_event_destination(
        ConfigurationSetName="s", EventDestination={**destination, "SNSDestination": {"TopicARN": inbox.topic}}
    )
    asked = ["eventDestinations", "reputationOptions"]
    found = ses.describe_configuration_set(ConfigurationSetName="s", ConfigurationSetAttributeNames=asked)
    assert found["EventDestinations"][0]["MatchingEventTypes"] == ["send", "renderingFailure"]
    assert found["ReputationOptions"]["SendingEnabled"] is True
    ses.send_email(Source=sender, Destination=TO, Message=MESSAGE, ConfigurationSetName="s")
    (event,) = inbox.take()
    assert event["eventType"] == "Send"
    ses.update_configuration_set_sending_enabled(ConfigurationSetName="s", Enabled=False)
    with refused("ConfigurationSetSendingPausedException"):
        ses.send_email(Source=sender, Destination=TO, Message=MESSAGE, ConfigurationSetName="s")
    ses.delete_configuration_set(ConfigurationSetName="s")
    with refused("ConfigurationSetDoesNotExist", "Configuration set <s> does not exist."):
        ses.send_email(Source=sender, Destination=TO, Message=MESSAGE, ConfigurationSetName="s")


def test_sending_can_be_paused(ses, sender, refused):
    ses.update_account_sending_enabled(Enabled=False)
    assert ses.get_account_sending_enabled()["Enabled"] is False
    with refused("AccountSendingPausedException"):
        ses.send_email(Source=sender, Destination=TO, Message=MESSAGE)


# -- receiving


@pytest.fixture
def bucket(aws):
    s3, name = aws("s3"), f"inbound-{aws.account}"
    s3.create_bucket(Bucket=name)
    allow = {"Effect": "Allow", "Principal": {"Service": "ses.amazonaws.com"}, "Action": "s3:PutObject"}
    statement = {**allow, "Resource": f"arn:aws:s3:::{name}/*"}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return name


def test_a_mail_to_a_domain_of_ones_own_goes_by_the_receipt_rules(ses, sender, aws, bucket, inbox):
    ses.create_receipt_rule_set(RuleSetName="rules")
    rule = {
        "Name": "keep",
        "Enabled": True,
        "Recipients": ["orders@example.com"],
        "Actions": [
            {"AddHeaderAction": {"HeaderName": "X-Seen", "HeaderValue": "yes"}},
            {"S3Action": {"BucketName": bucket, "ObjectKeyPrefix": "in/"}},
            {"SNSAction": {"TopicArn": inbox.topic}},
        ],
    }
    ses.create_receipt_rule(RuleSetName="rules", Rule=rule)
    ses.set_active_receipt_rule_set(RuleSetName="rules")
    to = {"ToAddresses": ["orders@example.com", "others@example.com"]}
    ses.send_email(Source=sender, Destination=to, Message=MESSAGE)
    (told,) = inbox.take()
    assert (told["notificationType"], told["receipt"]["recipients"]) == ("Received", ["orders@example.com"])
    assert "Subject: Hello" in told["content"]
    (found,) = aws("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert found["Key"].startswith("in/")
    content = aws("s3").get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
    assert email.message_from_bytes(content)["X-Seen"] == "yes"


def test_receipt_rules_are_put_in_order(ses, refused):
    ses.create_receipt_rule_set(RuleSetName="rules")
    for name in ("a", "b"):
        ses.create_receipt_rule(RuleSetName="rules", Rule={"Name": name})
    ses.create_receipt_rule(RuleSetName="rules", Rule={"Name": "c"}, After="b")

    def names():
        return [rule["Name"] for rule in ses.describe_receipt_rule_set(RuleSetName="rules")["Rules"]]

    assert names() == ["b", "c", "a"]
    ses.set_receipt_rule_position(RuleSetName="rules", RuleName="a", After="b")
    assert names() == ["b", "a", "c"]
    ses.reorder_receipt_rule_set(RuleSetName="rules", RuleNames=["a", "b", "c"])
    assert names() == ["a", "b", "c"]
    with refused("RuleDoesNotExist"):
        ses.describe_receipt_rule(RuleSetName="rules", RuleName="d")
    with refused("InvalidS3Configuration"):
        action = {"S3Action": {"BucketName": "there-is-no-such-bucket"}}
        ses.create_receipt_rule(RuleSetName="rules", Rule={"Name": "d", "Actions": [action]})
    ses.set_active_receipt_rule_set(RuleSetName="rules")
    with refused("CannotDelete"):
        ses.delete_receipt_rule_set(RuleSetName="rules")
    ses.set_active_receipt_rule_set()
    ses.delete_receipt_rule_set(RuleSetName="rules")
    assert ses.list_receipt_rule_sets()["RuleSets"] == []


# -- templates of CloudFormation


def test_a_stack_has_resources_of_ses(aws, inbox):
    destination = {"MatchingEventTypes": ["send"], "Enabled": True, "SnsDestination": {"TopicARN": inbox.topic}}
    resources = {
        "Domain": {"Type": "AWS::SES::EmailIdentity", "Properties": {"EmailIdentity": "example.com"}},
        "Set": {"Type": "AWS::SES::ConfigurationSet", "Properties": {"Name": "s"}},
        "Destination": {
            "Type": "AWS::SES::ConfigurationSetEventDestination",
            "Properties": {"ConfigurationSetName": {"Ref": "Set"}, "EventDestination": destination},
        },
        "Template": {
            "Type": "AWS::SES::Template",
            "Properties": {"Template": {"TemplateName": "t", "SubjectPart": "a", "TextPart": "b"}},
        },
        "Rules": {"Type": "AWS::SES::ReceiptRuleSet", "Properties": {"RuleSetName": "r"}},
        "Rule": {
            "Type": "AWS::SES::ReceiptRule",
            "Properties": {"RuleSetName": {"Ref": "Rules"}, "Rule": {"Name": "x", "Enabled": True}},
        },
        "Filter": {
            "Type": "AWS::SES::ReceiptFilter",
            "Properties": {"Filter": {"Name": "f", "IpFilter": {"Policy": "Block", "Cidr": "10.0.0.0/8"}}},
        },
        "Pool": {"Type": "AWS::SES::DedicatedIpPool", "Properties": {"PoolName": "p"}},
        "Contacts": {"Type": "AWS::SES::ContactList", "Properties": {"ContactListName": "l"}},
    }
    outputs = {"Token": {"Value": {"Fn::GetAtt": ["Domain", "DkimDNSTokenName1"]}}}
    cloudformation, v2 = aws("cloudformation"), aws("sesv2")
    document = json.dumps({"Resources": resources, "Outputs": outputs})
    cloudformation.create_stack(StackName="s", TemplateBody=document)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
    (output,) = cloudformation.describe_stacks(StackName="s")["Stacks"][0]["Outputs"]
    assert output["OutputValue"].endswith("._domainkey.example.com")
    assert len(v2.get_configuration_set_event_destinations(ConfigurationSetName="s")["EventDestinations"]) == 1
    cloudformation.delete_stack(StackName="s")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
    assert v2.list_email_identities()["EmailIdentities"] == []
