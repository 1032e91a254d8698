"""Keys of KMS and data protection policies."""

import json

import pytest

from fogbank.services.sns import data_protection


def protection(operation, direction="Inbound", identifiers=("EmailAddress",), **statement):
    arns = [f"arn:aws:dataprotection::aws:data-identifier/{name}" for name in identifiers]
    return json.dumps(
        {
            "Name": "p",
            "Version": "2021-06-01",
            "Statement": [
                {
                    "DataDirection": direction,
                    "Principal": ["*"],
                    "DataIdentifier": arns,
                    "Operation": operation,
                    **statement,
                }
            ],
        }
    )


def test_a_policy_is_kept_and_taken_away(sns, topic):
    policy = protection({"Deny": {}})
    sns.put_data_protection_policy(ResourceArn=topic, DataProtectionPolicy=policy)
    assert sns.get_data_protection_policy(ResourceArn=topic)["DataProtectionPolicy"] == policy
    sns.put_data_protection_policy(ResourceArn=topic, DataProtectionPolicy="")
    assert "DataProtectionPolicy" not in sns.get_data_protection_policy(ResourceArn=topic)


def test_what_is_denied_is_not_published(sns, topic, subscribed, refused):
    queue = subscribed(topic)
    sns.put_data_protection_policy(ResourceArn=topic, DataProtectionPolicy=protection({"Deny": {}}))
    with refused("InvalidParameter", "sensitive data"):
        sns.publish(TopicArn=topic, Message="ask me@example.com")
    sns.publish(TopicArn=topic, Message="ask me")
    assert queue.texts() == ["ask me"]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"Deidentify": {"MaskConfig": {"MaskWithCharacter": "#"}}}, "ask ############## now"),
        ({"Deidentify": {"RedactConfig": {}}}, "ask  now"),
        ({"Audit": {"SampleRate": "99", "NoFindingsDestination": {}}}, "ask me@example.com now"),
    ],
)
@pytest.mark.parametrize("direction", ["Inbound", "Outbound"])
def test_what_is_found_is_masked_or_left_out(sns, topic, subscribed, operation, expected, direction):
    queue = subscribed(topic)
    sns.put_data_protection_policy(ResourceArn=topic, DataProtectionPolicy=protection(operation, direction))
    sns.publish(TopicArn=topic, Message="ask me@example.com now")
    assert queue.texts() == [expected]


@pytest.mark.parametrize(
    ("name", "text", "masked"),
    [
        ("Name", "customer Jane Doe", "customer ########"),
        ("Name", "in New York City", "in New York City"),
        ("Address", "410 Terry Avenue, Seattle", "################, Seattle"),
        ("PhoneNumber-GB", "mobile +44 20 7946 0958", "mobile ################"),
        ("TaxId-GB", "testing 12345 67890", "testing 12345 67890"),
        ("TaxId-GB", "UTR 12345 67890", "UTR ###########"),
        ("PassportNumber-FR", "passeport 12AB34567", "passeport #########"),
    ],
)
def test_managed_identifiers_know_their_data(name, text, masked):
    operation = {"Deidentify": {"MaskConfig": {"MaskWithCharacter": "#"}}}
    policy = protection(operation, identifiers=(name,))
    data_protection.check(policy)
    assert data_protection.applied(policy, "Inbound", "p", text) == masked


def test_what_an_audit_finds_is_logged(aws, sns, topic, clock):
    logs = aws("logs")
    group = "/aws/vendedlogs/findings"
    audit = {"SampleRate": "99", "FindingsDestination": {"CloudWatchLogs": {"LogGroup": group}}}
    policy = protection({"Audit": audit}, identifiers=("EmailAddress", "CreditCardNumber"))
    with pytest.raises(sns.exceptions.InvalidParameterException, match="does not exist"):
        sns.put_data_protection_policy(ResourceArn=topic, DataProtectionPolicy=policy)
    logs.create_log_group(logGroupName=group)
    sns.put_data_protection_policy(ResourceArn=topic, DataProtectionPolicy=policy)
    sns.publish(TopicArn=topic, Message="nothing")
    sent = sns.publish(TopicArn=topic, Message="ask me@example.com")["MessageId"]
    clock.advance(seconds=1)
    (event,) = logs.filter_log_events(logGroupName=group)["events"]
    report = json.loads(event["message"])
    assert (report["messageId"], report["resourceArn"]) == (sent, topic)
    assert report["callerPrincipal"] == f"arn:aws:iam::{aws.account}:root"
    found = {"name": "EmailAddress", "count": 1, "detections": [{"start": 5, "end": 18}]}
    assert report["dataIdentifiers"] == [found]


def test_what_is_not_let_out_is_a_dead_letter(aws, sns, topic, make_queue, subscribe):
    dead, queue = make_queue("dead"), make_queue()
    subscribe(topic, queue.arn, RedrivePolicy={"deadLetterTargetArn": dead.arn})
    policy = protection({"Deny": {}}, "Outbound", ("Ssn-US",))
    sns.put_data_protection_policy(ResourceArn=topic, DataProtectionPolicy=policy)
    sns.publish(TopicArn=topic, Message="123-45-6789")
    assert (queue.texts(), dead.texts()) == ([], ["123-45-6789"])


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{", "Malformed policy"),
        ("{}", "Missing required field: Name"),
        (protection({"Dance": {}}), "Operation must be one of"),
        (protection({"Deny": {}}, "Sideways"), "DataDirection"),
        (protection({"Deny": {}}, identifiers=("ShoeSize",)), "Unknown data identifier"),
        (protection({"Audit": {"SampleRate": "100", "FindingsDestination": {}}}), "SampleRate"),
        (protection({"Audit": {"SampleRate": "99"}}), "FindingsDestination"),
        (
            protection({"Audit": {"SampleRate": "9", "FindingsDestination": {"CloudWatchLogs": {"LogGroup": "g"}}}}),
            "vended",
        ),
        (protection({"Audit": {"SampleRate": "9", "FindingsDestination": {"S3": {"Bucket": "no-such-bucket"}}}}), "S3"),
        ("x" * 30_721, "longer than 30720"),
    ],
)
def test_a_malformed_policy_is_refused(sns, topic, refused, policy, message):
    with refused("InvalidParameter", message):
        sns.put_data_protection_policy(ResourceArn=topic, DataProtectionPolicy=policy)


# -- keys


def test_who_publishes_to_an_encrypted_topic_needs_its_key(aws, sns, make_topic, subscribed, refused):
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]
    topic = make_topic("sealed", KmsMasterKeyId=key["KeyId"])
    queue = subscribed(topic)
    sns.publish(TopicArn=topic, Message="m")
    assert queue.texts() == ["m"]
    kms.disable_key(KeyId=key["KeyId"])
    with refused("KMSDisabled", status=400):
        sns.publish(TopicArn=topic, Message="m")


def test_a_key_that_is_not_there(sns, make_topic, refused):
    topic = make_topic("sealed", KmsMasterKeyId="alias/none")
    with refused("KMSNotFound", status=400):
        sns.publish(TopicArn=topic, Message="m")


def test_the_key_of_aws_does(sns, make_topic, subscribed):
    topic = make_topic("sealed", KmsMasterKeyId="alias/aws/sns")
    queue = subscribed(topic)
    sns.publish(TopicArn=topic, Message="m")
    assert queue.texts() == ["m"]


def test_a_key_that_is_not_for_the_publisher(aws, sns, make_topic, refused):
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"},
        "Action": ["kms:Put*", "kms:Describe*", "kms:Create*"],
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    key = aws("kms").create_key(Policy=policy)["KeyMetadata"]["KeyId"]
    topic = make_topic("sealed", KmsMasterKeyId=key)
    with refused("KMSAccessDenied", status=400):
        sns.publish(TopicArn=topic, Message="m")
