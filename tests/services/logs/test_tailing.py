"""StartLiveTail."""

from __future__ import annotations

import boto3
import pytest
from botocore.config import Config


@pytest.fixture
def client(aws):
    return boto3.client(
        "logs",
        endpoint_url=aws.endpoint,
        region_name="us-east-1",
        aws_access_key_id=aws.account,
        aws_secret_access_key="test",
        config=Config(inject_host_prefix=False),
    )


@pytest.fixture
def tail(aws, client):
    """The messages of the first update that has some."""

    def tail(then, **params):
        arn = f"arn:aws:logs:us-east-1:{aws.account}:log-group:/app"
        stream = client.start_live_tail(logGroupIdentifiers=[arn], **params)["responseStream"]
        try:
            for event in stream:
                if "sessionStart" in event:
                    then()
                elif event["sessionUpdate"]["sessionResults"]:
                    return [each["message"] for each in event["sessionUpdate"]["sessionResults"]]
        finally:
            stream.close()

    return tail


def test_events_are_pushed_as_they_come(group, put, tail):
    put("before")
    assert tail(lambda: put("ERROR 1", "fine", "ERROR 2"), logEventFilterPattern="ERROR") == ["ERROR 1", "ERROR 2"]


def test_streams_are_chosen_for_one_group_only(client, group):
    with pytest.raises(client.exceptions.InvalidParameterException, match="one log group"):
        client.start_live_tail(logGroupIdentifiers=[group, "/other"], logStreamNames=["one"])
