"""Identities, mails and events, as the tests of SES use them."""

import json
import re
import time
import urllib.parse
import urllib.request
from contextlib import contextmanager

import pytest

SENDER = "shop@example.com"


@pytest.fixture
def ses(aws):
    return aws("sesv2")


@pytest.fixture
def refused(ses):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(ses.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code
        assert message in error["Message"]

    return refused


class Mailbox:
    """The mails of the test's account, and the links in them."""

    def __init__(self, aws):
        self.aws = aws
        self.endpoint = aws("sts").meta.endpoint_url

    def mails(self, to=None):
        """The latest first."""
        query = {"account": self.aws.account, **({"to": to} if to else {})}
        with urllib.request.urlopen(f"{self.endpoint}/_fogbank/mail?{urllib.parse.urlencode(query)}") as answer:
            found = json.load(answer)
        return found["mail"] if isinstance(found, dict) else found

    def follow(self, to):
        """Follow the link in the latest mail to the address."""
        (link,) = re.findall(r"https?://[^/\s]+/_aws/ses/verify\S+?(?=[\"<\s])", self.mails(to)[0]["body"])[:1]
        with urllib.request.urlopen(link) as answer:
            return answer.read().decode()


@pytest.fixture
def mailbox(aws):
    return Mailbox(aws)


@pytest.fixture
def verified(ses, mailbox):
    """Makes identities that are verified."""

    def make(*names):
        for name in names:
            ses.create_email_identity(EmailIdentity=name)
            if "@" in name:
                mailbox.follow(name)
            wait_until(lambda name=name: ses.get_email_identity(EmailIdentity=name)["VerifiedForSendingStatus"])

    return make


@pytest.fixture
def sender(verified, ses):
    """An address of a verified domain, out of the sandbox."""
    verified("example.com")
    ses.put_account_details(MailType="TRANSACTIONAL", WebsiteURL="https://example.com", ProductionAccessEnabled=True)
    return SENDER


def simple(subject="Hello", text="How are you?", **more):
    return {"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text}}, **more}}


def wait_until(found, within=15):
    """What `found` returns as soon as it is something."""
    end = time.monotonic() + within
    while not (answer := found()) and time.monotonic() < end:
        time.sleep(0.02)
    assert answer
    return answer


class Inbox:
    """A queue that is subscribed to a topic."""

    def __init__(self, aws):
        self.sqs = aws("sqs")
        self.topic = aws("sns").create_topic(Name="mail")["TopicArn"]
        self.url = self.sqs.create_queue(QueueName="mail")["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:{aws.account}:mail"
        allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:*", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})
        allow = {"Effect": "Allow", "Principal": {"Service": "ses.amazonaws.com"}, "Action": "sns:Publish"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{**allow, "Resource": self.topic}]})
        sns = aws("sns")
        sns.set_topic_attributes(TopicArn=self.topic, AttributeName="Policy", AttributeValue=policy)
        raw = {"RawMessageDelivery": "true"}
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn, Attributes=raw)

    def take(self, count=1):
        """The next documents, at least so many."""
        found, end = [], time.monotonic() + 15
        while len(found) < count and time.monotonic() < end:
            batch = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for each in batch.get("Messages") or []:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=each["ReceiptHandle"])
                found.append(json.loads(each["Body"]))
        return found


@pytest.fixture
def inbox(aws):
    return Inbox(aws)
