"""Mails, texts and pushes: what ends in the mailbox, and the operations around them."""

import json
import urllib.request

import pytest


def text(value):
    return {"DataType": "String", "StringValue": value}


# -- mails


@pytest.fixture
def reader(sns, topic, subscribe, mails):
    """A confirmed mail address; gives the mails after the confirmation."""

    def reader(protocol="email", **attributes):
        arn = subscribe(topic, "a@example.com", protocol, **attributes)
        body = mails()[-1]["body"]
        token = body.partition("Token=")[2].split()[0].rstrip('",')
        sns.confirm_subscription(TopicArn=topic, Token=token)
        return arn

    return reader


def test_a_mail_has_subject_sender_and_a_link(sns, topic, reader, mails):
    arn = reader()
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="Alarms")
    sns.publish(TopicArn=topic, Message="CPU is high", Subject="ALARM")
    mail = mails()[-1]
    assert (mail["kind"], mail["to"], mail["subject"]) == ("email", "a@example.com", "ALARM")
    assert mail["sender"] == "Alarms <no-reply@sns.amazonaws.com>" and mail["service"] == "sns"
    assert mail["body"].startswith("CPU is high\n\n--\n") and f"SubscriptionArn={arn}" in mail["body"]


def test_a_mail_without_subject_has_aws_own(sns, topic, reader, mails):
    reader()
    sns.publish(TopicArn=topic, Message="m")
    assert mails()[-1]["subject"] == "AWS Notification Message"


def test_email_json_gets_the_notification(sns, topic, reader, mails):
    reader("email-json")
    sns.publish(TopicArn=topic, Message="m")
    assert json.loads(mails()[-1]["body"])["Message"] == "m"


# -- texts


def test_a_text_to_a_number(sns, mails):
    attributes = {"AWS.SNS.SMS.SenderID": text("Shop"), "AWS.SNS.SMS.SMSType": text("Transactional")}
    sent = sns.publish(PhoneNumber="+1 (555) 123-0000", Message="code 42", MessageAttributes=attributes)
    (mail,) = mails(kind="sms")
    assert (mail["to"], mail["body"], mail["sender"]) == ("+15551230000", "code 42", "Shop")
    assert mail["about"] == {"SMSType": "Transactional", "MessageId": sent["MessageId"]}


@pytest.mark.parametrize(
    ("number", "attributes", "message"),
    [
        ("five", {}, "PhoneNumber Reason: five is not valid to publish to"),
        ("+15551230000", {"AWS.SNS.SMS.SenderID": text("123")}, "SenderID"),
        ("+15551230000", {"AWS.SNS.SMS.SMSType": text("Loud")}, "DefaultSMSType"),
    ],
)
def test_a_malformed_text_is_refused(sns, refused, number, attributes, message):
    with refused("InvalidParameter", message):
        sns.publish(PhoneNumber=number, Message="m", MessageAttributes=attributes)


def test_settings_of_texts(sns, mails, refused):
    sns.set_sms_attributes(attributes={"DefaultSenderID": "Shop", "DefaultSMSType": "Transactional"})
    assert sns.get_sms_attributes()["attributes"] == {
        "MonthlySpendLimit": "1",
        "DefaultSenderID": "Shop",
        "DefaultSMSType": "Transactional",
    }
    assert sns.get_sms_attributes(attributes=["DefaultSMSType"])["attributes"] == {"DefaultSMSType": "Transactional"}
    sns.publish(PhoneNumber="+15551230000", Message="m")
    assert mails()[-1]["sender"] == "Shop"
    for wrong in ({"Colour": "red"}, {"DefaultSMSType": "Loud"}, {"DeliveryStatusSuccessSamplingRate": "101"}):
        with refused("InvalidParameter", "attributes Reason"):
            sns.set_sms_attributes(attributes=wrong)


def reply(aws, number, body):
    document = {"from": number, "account": aws.account, "text": body}
    request = urllib.request.Request(f"{aws.endpoint}/_aws/sns/replies", json.dumps(document).encode())
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def test_a_number_opts_out_by_a_reply_and_is_opted_in_again(aws, sns, topic, subscribe, mails, clock, refused):
    number = "+15551230000"
    subscribe(topic, number, "sms")
    assert sns.check_if_phone_number_is_opted_out(phoneNumber=number)["isOptedOut"] is False
    assert reply(aws, number, "Stop ") == {"optedOut": True}
    sns.publish(TopicArn=topic, Message="m")
    sns.publish(PhoneNumber=number, Message="m")
    assert mails() == []
    assert sns.list_phone_numbers_opted_out()["phoneNumbers"] == [number]
    sns.opt_in_phone_number(phoneNumber=number)
    sns.publish(PhoneNumber=number, Message="back")
    assert [mail["body"] for mail in mails()] == ["back"]
    reply(aws, number, "STOP")
    with refused("InvalidParameter", "30 days"):
        sns.opt_in_phone_number(phoneNumber=number)
    clock.advance(days=31)
    sns.opt_in_phone_number(phoneNumber=number)
    assert sns.check_if_phone_number_is_opted_out(phoneNumber=number)["isOptedOut"] is False


def test_a_sandbox_number_is_verified_by_the_passcode_in_a_text(sns, mails, refused):
    number = "+15551230000"
    sns.create_sms_sandbox_phone_number(PhoneNumber=number)
    assert sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"] == [{"PhoneNumber": number, "Status": "Pending"}]
    with refused("VerificationException"):
        sns.verify_sms_sandbox_phone_number(PhoneNumber=number, OneTimePassword="00000")
    passcode = mails()[-1]["body"].rstrip(".").rpartition(" ")[2]
    sns.verify_sms_sandbox_phone_number(PhoneNumber=number, OneTimePassword=passcode)
    assert sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"] == [{"PhoneNumber": number, "Status": "Verified"}]
    sns.delete_sms_sandbox_phone_number(PhoneNumber=number)
    for operation in (sns.delete_sms_sandbox_phone_number,):
        with refused("ResourceNotFound", status=404):
            operation(PhoneNumber=number)
    assert sns.get_sms_sandbox_account_status()["IsInSandbox"] is False


def test_the_sandbox_has_ten_numbers(sns, refused):
    for number in range(10):
        sns.create_sms_sandbox_phone_number(PhoneNumber=f"+1555123000{number}")
    with refused("UserError"):
        sns.create_sms_sandbox_phone_number(PhoneNumber="+15551230010")


def test_there_are_no_origination_numbers(sns):
    assert sns.list_origination_numbers()["PhoneNumbers"] == []


# -- pushes


@pytest.fixture
def application(sns):
    return sns.create_platform_application(Name="app", Platform="GCM", Attributes={"PlatformCredential": "key"})[
        "PlatformApplicationArn"
    ]


@pytest.fixture
def device(sns, application):
    return sns.create_platform_endpoint(PlatformApplicationArn=application, Token="token")["EndpointArn"]


def test_an_application_keeps_its_secrets(aws, sns, application):
    assert application == f"arn:aws:sns:us-east-1:{aws.account}:app/GCM/app"
    shown = sns.get_platform_application_attributes(PlatformApplicationArn=application)["Attributes"]
    assert shown == {"Enabled": "true", "AuthenticationMethod": "key"}
    (listed,) = sns.list_platform_applications()["PlatformApplications"]
    assert listed == {"PlatformApplicationArn": application, "Attributes": shown}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Platform": "PIGEON"}, "Platform"),
        ({"Name": "a b"}, "Name"),
        ({"Attributes": {"PlatformPrincipal": "p"}}, "PlatformCredential is required"),
        ({"Platform": "APNS"}, "PlatformPrincipal is required"),
        ({"Attributes": {"PlatformCredential": "key", "Colour": "red"}}, "Colour"),
        ({"Attributes": {"PlatformCredential": "key", "EventEndpointCreated": "topic"}}, "EventEndpointCreated"),
    ],
)
def test_a_malformed_application_is_refused(sns, refused, change, message):
    given = {"Name": "app", "Platform": "GCM", "Attributes": {"PlatformCredential": "key"}}
    with refused("InvalidParameter", message):
        sns.create_platform_application(**{**given, **change})


def test_an_endpoint_is_found_again_by_its_token(sns, application, device, refused):
    create = {"PlatformApplicationArn": application, "Token": "token"}
    assert sns.create_platform_endpoint(**create)["EndpointArn"] == device
    with refused(
        "InvalidParameter", f"Endpoint {device} already exists with the same Token, but different attributes."
    ):
        sns.create_platform_endpoint(**create, CustomUserData="other")
    (listed,) = sns.list_endpoints_by_platform_application(PlatformApplicationArn=application)["Endpoints"]
    assert listed == {"EndpointArn": device, "Attributes": {"Enabled": "true", "Token": "token"}}


def test_a_push_reaches_the_device_in_its_platforms_words(sns, device, mails):
    body = json.dumps({"default": "plain", "GCM": '{"data":1}', "APNS": "x"})
    sns.publish(TargetArn=device, Message=body, MessageStructure="json")
    (mail,) = mails(kind="push")
    assert (mail["to"], mail["body"], mail["about"]["EndpointArn"]) == ("token", '{"data":1}', device)


def test_a_topic_reaches_a_device(sns, topic, device, subscribe, mails):
    subscribe(topic, device, "application")
    sns.publish(TopicArn=topic, Message="m")
    assert [mail["body"] for mail in mails()] == ["m"]


def test_a_disabled_endpoint_refuses_until_it_is_enabled(sns, topic, device, subscribe, make_queue, mails, refused):
    dead = make_queue("dead")
    subscribe(topic, device, "application", RedrivePolicy={"deadLetterTargetArn": dead.arn})
    sns.set_endpoint_attributes(EndpointArn=device, Attributes={"Enabled": "false"})
    with refused("EndpointDisabled", "Endpoint is disabled"):
        sns.publish(TargetArn=device, Message="m")
    sns.publish(TopicArn=topic, Message="m")
    assert mails() == [] and dead.texts() == ["m"]
    sns.set_endpoint_attributes(EndpointArn=device, Attributes={"Enabled": "true", "Token": "new"})
    sns.publish(TargetArn=device, Message="m")
    assert [mail["to"] for mail in mails()] == ["new"]


def test_a_disabled_application_refuses(sns, application, device, refused):
    sns.set_platform_application_attributes(PlatformApplicationArn=application, Attributes={"Enabled": "false"})
    with refused("PlatformApplicationDisabled"):
        sns.publish(TargetArn=device, Message="m")


def test_what_is_deleted_is_gone(sns, application, device, refused):
    sns.delete_endpoint(EndpointArn=device)
    sns.delete_endpoint(EndpointArn=device)
    with refused("NotFound", "Endpoint does not exist"):
        sns.get_endpoint_attributes(EndpointArn=device)
    with refused("InvalidParameter", "No endpoint found for the target arn specified"):
        sns.publish(TargetArn=device, Message="m")
    sns.delete_platform_application(PlatformApplicationArn=application)
    with refused("NotFound", "PlatformApplication does not exist"):
        sns.get_platform_application_attributes(PlatformApplicationArn=application)


def test_a_topic_hears_of_new_endpoints(sns, topic, subscribed, application):
    queue = subscribed(topic)
    sns.set_platform_application_attributes(
        PlatformApplicationArn=application, Attributes={"EventEndpointCreated": topic}
    )
    device = sns.create_platform_endpoint(PlatformApplicationArn=application, Token="t")["EndpointArn"]
    (told,) = map(json.loads, queue.texts())
    assert (told["EventType"], told["EndpointArn"], told["Resource"]) == ("EndpointCreated", device, application)
