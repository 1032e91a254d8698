"""Configuration sets, their event destinations, and the suppression list."""

import html
import http.client
import json
import re
import urllib.parse
import urllib.request

import pytest

from tests.services.sesv2.conftest import simple, wait_until

BOUNCE = "bounce@simulator.amazonses.com"
COMPLAINT = "complaint+1@simulator.amazonses.com"


@pytest.fixture
def set_of(ses):
    """Makes a configuration set that tells a destination of these events."""

    def make(destination, *events):
        ses.create_configuration_set(ConfigurationSetName="s")
        definition = {"Enabled": True, "MatchingEventTypes": list(events), **destination}
        ses.create_configuration_set_event_destination(
            ConfigurationSetName="s", EventDestinationName="d", EventDestination=definition
        )

    return make


def send(ses, sender, to, **more):
    return ses.send_email(
        FromEmailAddress=sender, Destination={"ToAddresses": [to]}, Content=simple(), ConfigurationSetName="s", **more
    )["MessageId"]


def test_a_topic_is_told_of_what_becomes_of_a_mail(ses, sender, set_of, inbox):
    set_of({"SnsDestination": {"TopicArn": inbox.topic}}, "SEND", "DELIVERY", "BOUNCE", "COMPLAINT")
    sent = send(ses, sender, BOUNCE, EmailTags=[{"Name": "campaign", "Value": "spring"}])
    found = {event["eventType"]: event for event in inbox.take(2)}
    assert set(found) == {"Send", "Bounce"}
    mail = found["Send"]["mail"]
    assert (mail["messageId"], mail["destination"]) == (sent, [BOUNCE])
    assert mail["tags"]["campaign"] == ["spring"] and mail["tags"]["ses:configuration-set"] == ["s"]
    assert mail["commonHeaders"]["subject"] == "Hello"
    bounce = found["Bounce"]["bounce"]
    assert (bounce["bounceType"], bounce["bounceSubType"]) == ("Permanent", "General")
    assert bounce["bouncedRecipients"][0]["emailAddress"] == BOUNCE
    send(ses, sender, COMPLAINT)
    types = {event["eventType"] for event in inbox.take(3)}
    assert types == {"Send", "Delivery", "Complaint"}


def test_a_delivery_stream_is_told(ses, sender, set_of, aws):
    iam, s3 = aws("iam"), aws("s3")
    hosts = ["firehose.amazonaws.com", "ses.amazonaws.com"]
    trust = {"Effect": "Allow", "Principal": {"Service": hosts}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    documents = [json.dumps({"Version": "2012-10-17", "Statement": [each]}) for each in (trust, allow)]
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=documents[0])["Role"]["Arn"]
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=documents[1])
    bucket = f"events-{aws.account}"
    s3.create_bucket(Bucket=bucket)
    where = {"RoleARN": role, "BucketARN": f"arn:aws:s3:::{bucket}"}
    hints = {"SizeInMBs": 1, "IntervalInSeconds": 0}
    stream = aws("firehose").create_delivery_stream(
        DeliveryStreamName="events", ExtendedS3DestinationConfiguration={**where, "BufferingHints": hints}
    )["DeliveryStreamARN"]
    set_of({"KinesisFirehoseDestination": {"IamRoleArn": role, "DeliveryStreamArn": stream}}, "DELIVERY")
    send(ses, sender, "bob@example.net")
    (found,) = wait_until(lambda: s3.list_objects_v2(Bucket=bucket).get("Contents"))
    event = json.loads(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
    assert event["delivery"]["recipients"] == ["bob@example.net"]


def test_the_event_bus_is_told(ses, sender, set_of, aws):
    events, sqs = aws("events"), aws("sqs")
    url = sqs.create_queue(QueueName="bus")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{aws.account}:bus"
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:*", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.ses"], "detail-type": ["Email Bounced"]}))
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    bus = f"arn:aws:events:us-east-1:{aws.account}:event-bus/default"
    set_of({"EventBridgeDestination": {"EventBusArn": bus}}, "BOUNCE")
    send(ses, sender, BOUNCE)
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]
    event = json.loads(message["Body"])
    assert event["resources"] == [f"arn:aws:ses:us-east-1:{aws.account}:configuration-set/s"]
    assert event["detail"]["bounce"]["bounceType"] == "Permanent"


def test_cloudwatch_counts_by_tags(ses, sender, set_of, aws):
    dimension = {"DimensionName": "campaign", "DimensionValueSource": "MESSAGE_TAG", "DefaultDimensionValue": "none"}
    set_of({"CloudWatchDestination": {"DimensionConfigurations": [dimension]}}, "SEND")
    send(ses, sender, "bob@example.net", EmailTags=[{"Name": "campaign", "Value": "spring"}])
    wanted = [{"Name": "campaign", "Value": "spring"}]
    metrics = {"Namespace": "AWS/SES", "MetricName": "Send", "Dimensions": wanted}
    assert wait_until(lambda: aws("cloudwatch").list_metrics(**metrics)["Metrics"])


def test_a_mail_that_cannot_be_rendered_is_told_of(ses, sender, set_of, inbox, mailbox):
    set_of({"SnsDestination": {"TopicArn": inbox.topic}}, "RENDERING_FAILURE")
    ses.create_email_template(TemplateName="t", TemplateContent={"Subject": "{{who}}", "Text": "x"})
    content = {"Template": {"TemplateName": "t", "TemplateData": "{}"}}
    to = {"ToAddresses": ["bob@example.net"]}
    assert ses.send_email(FromEmailAddress=sender, Destination=to, Content=content, ConfigurationSetName="s")[
        "MessageId"
    ]
    (event,) = inbox.take()
    assert event["eventType"] == "Rendering Failure"
    assert event["failure"]["errorMessage"] == "Attribute 'who' is not present in the rendering data."
    assert mailbox.mails("bob@example.net") == []


def test_configuration_sets_are_kept_and_have_to_be_there(ses, sender, refused):
    with refused("NotFoundException", "Configuration set <s> does not exist."):
        send(ses, sender, "bob@example.net")
    ses.create_configuration_set(ConfigurationSetName="s", Tags=[{"Key": "a", "Value": "b"}])
    with refused("AlreadyExistsException"):
        ses.create_configuration_set(ConfigurationSetName="s")
    assert "DeliveryOptions" not in ses.get_configuration_set(ConfigurationSetName="s")
    ses.put_configuration_set_delivery_options(ConfigurationSetName="s", TlsPolicy="REQUIRE")
    ses.put_configuration_set_sending_options(ConfigurationSetName="s", SendingEnabled=False)
    found = ses.get_configuration_set(ConfigurationSetName="s")
    assert found["DeliveryOptions"] == {"TlsPolicy": "REQUIRE"}
    assert (found["SendingOptions"], found["Tags"]) == ({"SendingEnabled": False}, [{"Key": "a", "Value": "b"}])
    with refused("SendingPausedException", "configuration set <s>"):
        send(ses, sender, "bob@example.net")
    assert ses.list_configuration_sets()["ConfigurationSets"] == ["s"]
    ses.delete_configuration_set(ConfigurationSetName="s")
    with refused("NotFoundException"):
        ses.get_configuration_set(ConfigurationSetName="s")


def test_event_destinations_are_changed_and_deleted(ses, set_of, inbox, refused):
    set_of({"SnsDestination": {"TopicArn": inbox.topic}}, "SEND")
    named = {"ConfigurationSetName": "s", "EventDestinationName": "d"}
    topic = {"SnsDestination": {"TopicArn": inbox.topic}}
    ses.update_configuration_set_event_destination(
        **named, EventDestination={"Enabled": False, "MatchingEventTypes": ["BOUNCE"], **topic}
    )
    (found,) = ses.get_configuration_set_event_destinations(ConfigurationSetName="s")["EventDestinations"]
    assert (found["Name"], found["Enabled"], found["MatchingEventTypes"]) == ("d", False, ["BOUNCE"])
    with refused("BadRequestException", "not found"):
        wrong = {"SnsDestination": {"TopicArn": inbox.topic + "x"}}
        ses.update_configuration_set_event_destination(
            **named, EventDestination={"MatchingEventTypes": ["BOUNCE"], **wrong}
        )
    ses.delete_configuration_set_event_destination(**named)
    with refused("NotFoundException"):
        ses.delete_configuration_set_event_destination(**named)


def test_nothing_is_sent_to_who_is_on_the_suppression_list(ses, sender, mailbox):
    ses.put_suppressed_destination(EmailAddress="Bob@example.net", Reason="BOUNCE")
    ses.create_configuration_set(ConfigurationSetName="s")
    sent = send(ses, sender, "bob@example.net")
    assert mailbox.mails("bob@example.net") == []
    (insight,) = ses.get_message_insights(MessageId=sent)["Insights"]
    assert insight["Events"][-1]["Details"]["Bounce"]["BounceSubType"] == "OnAccountSuppressionList"
    listed = ses.list_suppressed_destinations(Reasons=["BOUNCE"])["SuppressedDestinationSummaries"]
    assert [each["EmailAddress"] for each in listed] == ["bob@example.net"]
    ses.put_configuration_set_suppression_options(ConfigurationSetName="s", SuppressedReasons=["COMPLAINT"])
    send(ses, sender, "bob@example.net")
    assert len(mailbox.mails("bob@example.net")) == 1
    ses.delete_suppressed_destination(EmailAddress="bob@example.net")
    assert ses.list_suppressed_destinations()["SuppressedDestinationSummaries"] == []


def test_bounces_are_forwarded_to_the_sender(ses, sender, mailbox):
    ses.create_configuration_set(ConfigurationSetName="s")
    send(ses, sender, BOUNCE)
    assert mailbox.mails(sender)[0]["subject"] == "Delivery Status Notification (Failure)"


def test_contacts_get_only_what_they_want(ses, sender, refused, mailbox):
    topic = {"TopicName": "news", "DisplayName": "News", "DefaultSubscriptionStatus": "OPT_OUT"}
    ses.create_contact_list(ContactListName="l", Topics=[topic])
    with refused("LimitExceededException"):
        ses.create_contact_list(ContactListName="m")
    wanted = [{"TopicName": "news", "SubscriptionStatus": "OPT_IN"}]
    ses.create_contact(ContactListName="l", EmailAddress="in@example.net", TopicPreferences=wanted)
    ses.create_contact(ContactListName="l", EmailAddress="out@example.net")
    found = ses.list_contacts(
        ContactListName="l",
        Filter={
            "FilteredStatus": "OPT_OUT",
            "TopicFilter": {"TopicName": "news", "UseDefaultIfPreferenceUnavailable": True},
        },
    )
    assert [each["EmailAddress"] for each in found["Contacts"]] == ["out@example.net"]
    options = {"ContactListName": "l", "TopicName": "news"}
    request = {"FromEmailAddress": sender, "Content": simple(), "ListManagementOptions": options}
    ses.send_email(**request, Destination={"ToAddresses": ["in@example.net"]})
    with refused("MessageRejected", "opted out"):
        ses.send_email(**request, Destination={"ToAddresses": ["out@example.net"]})
    ses.update_contact(ContactListName="l", EmailAddress="in@example.net", UnsubscribeAll=True)
    assert ses.get_contact(ContactListName="l", EmailAddress="in@example.net")["UnsubscribeAll"] is True
    ses.delete_contact(ContactListName="l", EmailAddress="in@example.net")
    with refused("NotFoundException"):
        ses.get_contact(ContactListName="l", EmailAddress="in@example.net")


def test_opens_and_clicks_are_told_of(ses, sender, set_of, inbox, mailbox):
    set_of({"SnsDestination": {"TopicArn": inbox.topic}}, "OPEN", "CLICK")
    content = simple()
    text = '<p>See <a ses:tags="kind:tea;kind:milk" href="http://example.com/?a=1&amp;b=2">this</a></p>'
    content["Simple"]["Body"]["Html"] = {"Data": f"<body>{text}</body>"}
    ses.send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": ["bob@example.net"]},
        Content=content,
        ConfigurationSetName="s",
    )
    page = mailbox.mails("bob@example.net")[0]["about"]["Html"]
    assert "ses:tags" not in page
    link, pixel = (html.unescape(found) for found in re.findall(r'(?:href|src)="(.*?)"', page))
    with urllib.request.urlopen(pixel) as answer:
        assert answer.headers["content-type"] == "image/gif"
    (opened,) = inbox.take()
    assert (opened["eventType"], opened["mail"]["destination"]) == ("Open", ["bob@example.net"])
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(link).netloc, timeout=10)
    connection.request("GET", link.partition("/_aws")[1] + link.partition("/_aws")[2])
    assert connection.getresponse().headers["location"] == "http://example.com/?a=1&b=2"
    (clicked,) = inbox.take()
    assert (clicked["eventType"], clicked["click"]["link"]) == ("Click", "http://example.com/?a=1&b=2")
    assert clicked["click"]["linkTags"] == {"kind": ["tea", "milk"]}


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("CSV", "emailAddress,reason\na@example.net,COMPLAINT\nno address,BOUNCE\n"),
        ("JSON", '{"emailAddress": "a@example.net", "reason": "COMPLAINT"}\n{"emailAddress": "nobody"}\n'),
    ],
)
def test_a_file_is_imported_into_the_suppression_list(ses, aws, kind, data):
    s3, bucket = aws("s3"), f"imports-{aws.account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="list", Body=data)
    source = {"S3Url": f"s3://{bucket}/list", "DataFormat": kind}
    destination = {"SuppressionListDestination": {"SuppressionListImportAction": "PUT"}}
    job = ses.create_import_job(ImportDestination=destination, ImportDataSource=source)["JobId"]
    wait_until(lambda: ses.get_import_job(JobId=job)["JobStatus"] == "COMPLETED")
    found = ses.get_import_job(JobId=job)
    assert (found["ProcessedRecordsCount"], found["FailedRecordsCount"]) == (2, 1)
    (entry,) = ses.list_suppressed_destinations()["SuppressedDestinationSummaries"]
    assert (entry["EmailAddress"], entry["Reason"]) == ("a@example.net", "COMPLAINT")
    assert [each["JobId"] for each in ses.list_import_jobs()["ImportJobs"]] == [job]


def test_pools_are_kept_and_named_by_configuration_sets(ses, refused):
    with refused("NotFoundException", "Dedicated IP pool <p> does not exist."):
        ses.create_configuration_set(ConfigurationSetName="s", DeliveryOptions={"SendingPoolName": "p"})
    ses.create_dedicated_ip_pool(PoolName="p", ScalingMode="MANAGED")
    ses.create_configuration_set(ConfigurationSetName="s", DeliveryOptions={"SendingPoolName": "p"})
    assert ses.get_dedicated_ip_pool(PoolName="p")["DedicatedIpPool"] == {"PoolName": "p", "ScalingMode": "MANAGED"}
    assert ses.get_dedicated_ips(PoolName="p")["DedicatedIps"] == []
    with refused("BadRequestException", "cannot become"):
        ses.put_dedicated_ip_pool_scaling_attributes(PoolName="p", ScalingMode="STANDARD")
    ses.delete_dedicated_ip_pool(PoolName="p")
    assert ses.list_dedicated_ip_pools()["DedicatedIpPools"] == []
