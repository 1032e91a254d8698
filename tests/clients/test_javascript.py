"""Clients in JavaScript: the AWS SDK, version 3, MinIO's, and libraries over DynamoDB.

Their tests are what the files below javascript/ export.
"""

import io
import re
import zipfile
from pathlib import Path

import pytest

JAVASCRIPT = Path(__file__).with_name("javascript")
GREET = """
def handler(event, context):
    print("greeting", event["name"])
    return {"hello": event["name"]}
"""


def exports(file):
    return re.findall(r"^exports\.(\w+) =", (JAVASCRIPT / f"{file}.cjs").read_text(), re.MULTILINE)


@pytest.fixture
def node(aws, program, prepared, environment):
    environment["NODE_PATH"] = str(prepared("javascript/node_modules"))
    aws("sts").get_caller_identity()  # from here on the account's signatures are verified

    def run(file, name, **more):
        environment.update(more)
        program("node", JAVASCRIPT / "run.cjs", file, name)

    return run


@pytest.fixture
def function(aws):
    role = aws("iam").create_role(
        RoleName="greet",
        AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": {"Effect": "Allow", '
        '"Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}}',
    )
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("greet.py", GREET)
    aws("lambda").create_function(
        FunctionName="greet",
        Runtime="python3.11",
        Handler="greet.handler",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": package.getvalue()},
    )
    return "greet"


@pytest.mark.parametrize("name", exports("s3"))
def test_the_sdk_with_s3(node, bucket, name):
    node("s3", name, BUCKET=bucket)


@pytest.mark.parametrize("name", exports("tables"))
def test_libraries_that_model_tables(node, name):
    node("tables", name)


@pytest.mark.parametrize("name", exports("services"))
def test_the_sdk_with_other_services(node, request, name):
    node("services", name, **({"FUNCTION": request.getfixturevalue("function")} if "Function" in name else {}))


@pytest.mark.parametrize("name", exports("minio"))
def test_minio(node, bucket, name):
    node("minio", name, BUCKET=bucket)
