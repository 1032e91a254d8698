"""Data protection: what is masked, for whom, since when, and what audits tell."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.kernel import data_identifiers

ARN = "arn:aws:dataprotection::aws:data-identifier/"


def policy(*names, destination=None, custom=()):
    identifiers = [name if name in dict(custom) else ARN + name for name in names]
    document = {
        "Name": "p",
        "Version": "2021-06-01",
        "Statement": [
            {"DataIdentifier": identifiers, "Operation": {"Audit": {"FindingsDestination": destination or {}}}},
            {"DataIdentifier": identifiers, "Operation": {"Deidentify": {"MaskConfig": {}}}},
        ],
    }
    if custom:
        listed = [{"Name": name, "Regex": regex} for name, regex in custom]
        document["Configuration"] = {"CustomDataIdentifier": listed}
    return json.dumps(document)


@pytest.fixture
def protect(logs, group, clock):
    def protect(*names, **more):
        answer = logs.put_data_protection_policy(logGroupIdentifier=group, policyDocument=policy(*names, **more))
        clock.advance(seconds=1)
        return answer

    return protect


def read(logs, **params):
    answer = logs.get_log_events(logGroupName="/app", logStreamName="one", startFromHead=True, **params)
    return [event["message"] for event in answer["events"]]


def test_what_comes_in_is_masked_and_what_was_there_is_not(logs, put, protect, group, clock):
    put("before: a@example.com")
    clock.advance(seconds=1)
    protect("EmailAddress")
    put("after: a@example.com")
    assert read(logs) == ["before: a@example.com", "after: *************"]


def test_what_came_in_under_a_policy_stays_masked_when_it_is_gone(logs, put, protect, group, clock):
    protect("EmailAddress")
    put("a@example.com")
    clock.advance(seconds=1)
    logs.delete_data_protection_policy(logGroupIdentifier=group)
    put("b@example.com")
    assert read(logs) == ["*************", "b@example.com"]


@pytest.mark.parametrize(
    "name, text, masked",
    [
        ("IpAddress", "from 10.1.2.3", "from ********"),
        ("Ssn-US", "ssn 123-45-6789", "ssn ***********"),
        ("CreditCardNumber", "card 4111 1111 1111 1111", "card *******************"),
        ("AwsSecretKey", "secret key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "secret key " + "*" * 40),
        ("AwsSecretKey", "digest: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None),
        ("CreditCardSecurityCode", "cvv: 123", "cvv: ***"),
        ("CreditCardSecurityCode", "room: 123", None),
        ("DateOfBirth", "date_of_birth=1970-01-02", "date_of_birth=**********"),
        ("BankAccountNumber-DE", "DE89 3704 0044 0532 0130 00", "*" * 27),
    ],
)
def test_identifiers_know_their_data_and_keywords(logs, put, protect, group, name, text, masked):
    protect(name)
    put(text)
    assert read(logs) == [masked or text]


def test_custom_identifiers_are_expressions_of_the_policy(logs, put, protect, group):
    protect("EmployeeId", custom=[("EmployeeId", r"EID-\d{4}")])
    put("by EID-1234")
    assert read(logs) == ["by ********"]


def test_masked_data_is_masked_everywhere(logs, put, protect, found, group, answered):
    protect("EmailAddress")
    put('{"user": "a@example.com"}')
    assert found("example") == []
    assert found() == ['{"user": "*************"}']
    assert answered("fields user") == [{"user": "*************"} | {"@ptr": answered("fields user")[0]["@ptr"]}]


def test_filters_of_metrics_do_not_see_it(aws, logs, put, protect, group):
    protect("EmailAddress")
    transformation = {"metricName": "M", "metricNamespace": "N", "metricValue": "1"}
    logs.put_metric_filter(
        logGroupName=group, filterName="f", filterPattern='"example"', metricTransformations=[transformation]
    )
    put("a@example.com")
    assert aws("cloudwatch").list_metrics(Namespace="N")["Metrics"] == []


def test_who_may_unmask_sees_it(logs, put, protect, group, answered):
    protect("EmailAddress")
    put("a@example.com")
    assert read(logs, unmask=True) == ["a@example.com"]
    assert logs.filter_log_events(logGroupName=group, unmask=True)["events"][0]["message"] == "a@example.com"
    (row,) = answered("fields unmask(@message) as whole, @message")
    assert (row["whole"], row["@message"]) == ("a@example.com", "*************")
    assert logs.get_log_record(logRecordPointer=row["@ptr"])["logRecord"]["@message"] == "*************"
    assert logs.get_log_record(logRecordPointer=row["@ptr"], unmask=True)["logRecord"]["@message"] == "a@example.com"


def test_who_may_not_unmask_is_refused(aws, logs, put, protect, group, clock):
    protect("EmailAddress")
    put("a@example.com")
    iam = aws("iam")
    iam.create_user(UserName="u")
    statements = [
        {"Effect": "Allow", "Action": "logs:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "logs:Unmask", "Resource": "*"},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    user = aws("logs", credentials=iam.create_access_key(UserName="u")["AccessKey"])
    assert read(user) == ["*************"]
    now = int(clock.now())
    for call in (
        lambda: read(user, unmask=True),
        lambda: user.filter_log_events(logGroupName=group, unmask=True),
        lambda: user.start_query(
            logGroupName=group, queryString="fields unmask(@message)", startTime=now - 60, endTime=now
        ),
    ):
        with pytest.raises(user.exceptions.ClientError) as raised:
            call()
        assert raised.value.response["Error"]["Code"] == "AccessDeniedException"


def test_audits_are_reported_to_a_log_group(aws, logs, put, protect, group):
    logs.create_log_group(logGroupName="/audits")
    protect("EmailAddress", destination={"CloudWatchLogs": {"LogGroup": "/audits"}})
    put("to a@example.com", "nothing")
    deadline = time.monotonic() + 5
    while not (events := logs.filter_log_events(logGroupName="/audits")["events"]) and time.monotonic() < deadline:
        time.sleep(0.02)
    (report,) = [json.loads(event["message"]) for event in events]
    assert report["resourceArn"] == f"arn:aws:logs:us-east-1:{aws.account}:log-group:/app:*"
    assert report["dataIdentifiers"] == [{"name": "EmailAddress", "count": 1, "detections": [{"start": 3, "end": 16}]}]
    (metric,) = aws("cloudwatch").list_metrics(Namespace="AWS/Logs", MetricName="LogEventsWithFindings")["Metrics"]
    assert {"Name": "LogGroupName", "Value": "/app"} in metric["Dimensions"]


def test_a_group_tells_of_its_policy(logs, protect, group):
    protect("EmailAddress")
    assert logs.describe_log_groups()["logGroups"][0]["dataProtectionStatus"] == "ACTIVATED"
    shown = logs.get_data_protection_policy(logGroupIdentifier=group)
    assert json.loads(shown["policyDocument"])["Name"] == "p"
    logs.delete_data_protection_policy(logGroupIdentifier=group)
    assert logs.describe_log_groups()["logGroups"][0]["dataProtectionStatus"] == "DELETED"
    assert "policyDocument" not in logs.get_data_protection_policy(logGroupIdentifier=group)


@pytest.mark.parametrize(
    "document, message",
    [
        ("{", "malformed"),
        (policy("NoSuchThing"), "unknown data identifier"),
        (policy(), "have to be the same"),
        (json.dumps({"Statement": [json.loads(policy("IpAddress"))["Statement"][1]]}), "two statements"),
        (policy("X", custom=[("X", "(")]), "malformed"),
    ],
)
def test_what_is_no_policy_is_refused(logs, group, refused, document, message):
    with refused("InvalidParameterException", message):
        logs.put_data_protection_policy(logGroupIdentifier=group, policyDocument=document)


def test_groups_of_other_classes_have_no_policies(logs, refused):
    logs.create_log_group(logGroupName="/ia", logGroupClass="INFREQUENT_ACCESS")
    with refused("InvalidOperationException"):
        logs.put_data_protection_policy(logGroupIdentifier="/ia", policyDocument=policy("IpAddress"))


ALL = tuple(
    data_identifiers.managed(name)
    for name in ("EmailAddress", "IpAddress", "Ssn-US", "CreditCardNumber", "ZipCode-US", "DateOfBirth")
)


@given(st.text("a1@. -zip:dob/", max_size=60))
def test_masks_are_as_long_as_what_they_mask_and_change_nothing_else(text):
    masked = data_identifiers.masked(text, ALL)
    assert len(masked) == len(text)
    assert all(after in ("*", before) for before, after in zip(text, masked, strict=True))
