"""Clients and tables of the tests of DynamoDB."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.services.dynamodb.helpers import attributes, schema


@pytest.fixture
def ddb(aws):
    return aws("dynamodb")


@pytest.fixture
def send(fogbank_server, aws):
    """Sends a document that boto3 would not send, signed; gives status and answer."""

    def send(operation, document):
        body = json.dumps(document).encode()
        headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type": "application/x-amz-json-1.0"}
        request = AWSRequest("POST", fogbank_server.endpoint, data=body, headers=headers)
        SigV4Auth(Credentials(aws.account, "test"), "dynamodb", "us-east-1").add_auth(request)
        signed = urllib.request.Request(fogbank_server.endpoint, data=body, headers=dict(request.headers))
        try:
            with urllib.request.urlopen(signed) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    return send


@pytest.fixture
def make_table(ddb):
    """Creates an on-demand table that is ready, and gives its name."""

    def make(name="things", keys=("pk",), types=None, **more):
        types = types or dict.fromkeys(keys, "S")
        ddb.create_table(
            TableName=name,
            KeySchema=schema(*keys),
            AttributeDefinitions=attributes(**types),
            **{"BillingMode": "PAY_PER_REQUEST", **more},
        )
        ddb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500})
        return name

    return make


@pytest.fixture
def table(make_table):
    """A table of items by `pk`."""
    return make_table()


@pytest.fixture
def ordered(make_table):
    """A table of items by `pk` and the number `sk`."""
    return make_table("ordered", ("pk", "sk"), {"pk": "S", "sk": "N"})
