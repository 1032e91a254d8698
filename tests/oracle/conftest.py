"""AWS's own DynamoDB Local beside Fogbank: both are asked the same.

Opt-in: `tests/oracle/fetch` fetches it (into FOGBANK_ORACLE_CACHE, or ~/.cache/fogbank-oracle), and FOGBANK_ORACLE=1 has the tests run.
FOGBANK_ORACLE_EXAMPLES is how many requests each test makes up.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

WANTED = os.environ.get("FOGBANK_ORACLE")
CACHE = Path(os.environ.get("FOGBANK_ORACLE_CACHE") or Path.home() / ".cache" / "fogbank-oracle") / "dynamodb"
_MAIN = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"


@pytest.fixture(scope="session")
def oracle():
    """A client of DynamoDB Local."""
    java = shutil.which("java")
    if not WANTED or java is None or not CACHE.is_dir():
        pytest.skip("needs FOGBANK_ORACLE=1, java, and what tests/oracle/fetch fetches")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [java, f"-Djava.library.path={CACHE}", "-cp", f"{CACHE}/*", _MAIN, "-inMemory", "-port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([*command, "-disableTelemetry"], **quiet)
    try:
        _wait_for(port)
        yield client(f"http://127.0.0.1:{port}", "oracle")
    finally:
        process.terminate()
        process.wait()


def _wait_for(port):
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("DynamoDB Local does not start")


def client(endpoint, key):
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
    keys = {"aws_access_key_id": key, "aws_secret_access_key": "test", "region_name": "us-east-1"}
    return boto3.client("dynamodb", endpoint_url=endpoint, config=config, **keys)


class Both:
    """Asks ours and theirs the same, and gives both answers; see `answer`."""

    def __init__(self, ours, theirs):
        self.clients = (ours, theirs)
        self.answer = answer

    def __call__(self, operation, /, **params):
        return tuple([answer(made, operation, params) for made in self.clients])


@pytest.fixture
def both(oracle, aws):
    yield Both(client(aws.endpoint, aws.account), oracle)
    for name in oracle.list_tables()["TableNames"]:
        oracle.delete_table(TableName=name)


@pytest.fixture
def table(both, aws):
    """Makes a table at both, once for all examples of a test: by the types of its keys, and more."""
    made = []

    def make(*kinds, more_attributes=(), **more):
        if made:
            return
        names = [("pk", "HASH"), ("sk", "RANGE")][: len(kinds)]
        keys = [{"AttributeName": name, "KeyType": kind} for name, kind in names]
        types = [*zip(("pk", "sk"), kinds, strict=False), *more_attributes]
        attributes = [{"AttributeName": name, "AttributeType": kind} for name, kind in types]
        definition = {"KeySchema": keys, "AttributeDefinitions": attributes, "BillingMode": "PAY_PER_REQUEST", **more}
        both("create_table", TableName="things", **definition)
        aws("dynamodb").get_waiter("table_exists").wait(TableName="things", WaiterConfig={"Delay": 0.02})
        made.append(kinds)

    return make


def answer(made, operation, params):
    """What was answered, without metadata; or the code and the sentence of the refusal."""
    try:
        found = getattr(made, operation)(**params)
    except ClientError as error:
        refused = error.response["Error"]
        return {"refused": refused["Code"], "because": refused["Message"], "why": _codes(error)}
    found.pop("ResponseMetadata")
    return found


def _codes(error):
    return [reason.get("Code") for reason in error.response.get("CancellationReasons", ())]
