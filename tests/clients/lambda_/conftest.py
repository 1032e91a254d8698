"""Functions as people deploy them: their packages are made by `tests/clients/lambda_/prepare`, and run by a server of their own.

A test whose package is missing is skipped and says what is missing; tests fetch nothing.
"""

from __future__ import annotations

import base64
import io
import json
import os
import sys
import time
import zipfile
from pathlib import Path

import pytest
import urllib3

from fogbank.testing import server
from tests.services.lambda_.functions import TRUST

CACHE = Path(os.environ.get("FOGBANK_CLIENTS_CACHE") or Path.home() / ".cache" / "fogbank-clients") / "lambda"
PYTHON = f"python3.{sys.version_info.minor}"


@pytest.fixture(scope="session")
def fogbank_server(fogbank_settings):
    """With the libraries that functions in Node.js and Java find."""
    with server(**fogbank_settings, lambda_libraries=str(CACHE / "libraries")) as running:
        yield running


@pytest.fixture
def package():
    """Finds a package, or a part of one, that `prepare` made."""

    def find(name):
        path = CACHE / name
        if not path.exists():
            pytest.skip(f"{path} is missing: run tests/clients/lambda_/prepare")
        return path

    return find


def zipped(*parts):
    """A ZIP of directories' contents, of files (path) and of texts ({name: text})."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for part in parts:
            if isinstance(part, dict):
                for name, text in part.items():
                    archive.writestr(name, text)
            elif part.is_file():
                archive.write(part, part.name)
            else:
                for path in _files(part):
                    archive.write(path, path.relative_to(part))
    return data.getvalue()


def _files(directory):
    for root, _, names in os.walk(directory, followlinks=True):
        if "__pycache__" not in root:
            yield from (Path(root, name) for name in names)


class Deployment:
    """Functions of one account, and what they may use."""

    def __init__(self, aws):
        self.aws = aws
        self.client = aws("lambda")
        made = aws("iam").create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps(TRUST))
        self.role = made["Role"]["Arn"]
        self.allow("logs:*")
        aws("s3").create_bucket(Bucket=f"code-{aws.account}")

    def allow(self, *actions):
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        name = "-".join(action.partition(":")[0] for action in actions)
        self.aws("iam").put_role_policy(RoleName="app", PolicyName=name, PolicyDocument=document)

    def make(self, code, name="app", runtime=PYTHON, handler="app.handler", variables=None, **options):
        """Make a function of a ZIP in S3. Returns its ARN."""
        self.aws("s3").put_object(Bucket=f"code-{self.aws.account}", Key=name, Body=code)
        made = self.client.create_function(
            FunctionName=name,
            Runtime=runtime,
            Handler=handler,
            Role=self.role,
            Code={"S3Bucket": f"code-{self.aws.account}", "S3Key": name},
            Environment={"Variables": variables or {}},
            **{"Timeout": 30, "MemorySize": 512, **options},
        )
        self.client.get_waiter("function_active_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500}
        )
        return made["FunctionArn"]

    def invoke(self, event=None, name="app"):
        """What it answers. Raises AssertionError with the error document and the log where it fails."""
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event or {}), LogType="Tail")
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, (payload, base64.b64decode(answer["LogResult"]).decode())
        return payload

    def fail(self, event=None, name="app"):
        """The error document that it answers with."""
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event or {}))
        assert answer["FunctionError"] == "Unhandled"
        return json.loads(answer["Payload"].read())

    def log(self, event=None, name="app"):
        """The lines that an invocation leaves."""
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event or {}), LogType="Tail")
        return base64.b64decode(answer["LogResult"]).decode().splitlines()

    def url(self, name="app", **options):
        """A function URL that all may use."""
        for action in ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"):
            more = {"FunctionUrlAuthType": "NONE"} if action.endswith("Url") else {"InvokedViaFunctionUrl": True}
            self.client.add_permission(
                FunctionName=name, StatementId=action.rpartition(":")[2], Action=action, Principal="*", **more
            )
        made = self.client.create_function_url_config(FunctionName=name, AuthType="NONE", **options)
        return Site(self.aws.endpoint, made["FunctionUrl"])


class Site:
    """What is at a function URL. Its host name is told to the server, and not looked up: systems differ in what they resolve."""

    def __init__(self, endpoint, url):
        self.host = urllib3.util.parse_url(url).netloc
        self._endpoint = endpoint

    def __call__(self, method, path, headers=None, **more):
        address = self._endpoint + path
        return urllib3.request(method, address, headers={"Host": self.host, **(headers or {})}, retries=False, **more)


@pytest.fixture
def app(aws):
    return Deployment(aws)


@pytest.fixture
def queue(aws):
    """(url, arn) of a queue that leaves functions as long as Chalice does."""
    client = aws("sqs")
    url = client.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


def eventually(look, seconds=20):
    """What `look` gives as soon as it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
