"""Tutorials of AWS's developer guide, played with the AWS CLI: their commands, their policies, their handlers.

https://docs.aws.amazon.com/lambda/latest/dg/
"""

import base64
import io
import json
import struct
import time
import zlib
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import awscli
import pytest
from awscli.clidriver import create_clidriver

from tests.clients.lambda_.conftest import PYTHON, Site, eventually, zipped

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


class Cli:
    """Runs the AWS CLI, which takes a second to start, in this process; each command gives its answer."""

    def __init__(self, aws, directory):
        self._aws = aws
        self._directory = directory

    def __call__(self, *arguments, fails=False):
        # version 1 takes no address for SQS from the environment
        where = ["--endpoint-url", self._aws.endpoint] if arguments[0] == "sqs" else []
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as errors:
            status = create_clidriver().main([*where, *arguments])
        assert (status != 0) is fails, errors.getvalue()
        if fails:
            return errors.getvalue()
        return json.loads(out.getvalue()) if out.getvalue().strip() else None

    def write(self, name, content):
        """A file in the directory of the commands."""
        data = content if isinstance(content, bytes) else content.encode()
        (self._directory / name).write_bytes(data)

    def read(self, name):
        return (self._directory / name).read_text()

    def role(self, name, *policies):
        self.write("trust-policy.json", json.dumps(TRUST))
        made = self(
            "iam", "create-role", "--role-name", name, "--assume-role-policy-document", "file://trust-policy.json"
        )
        for policy in policies:
            self("iam", "attach-role-policy", "--role-name", name, "--policy-arn", policy)
        return made["Role"]["Arn"]

    def function(self, name, role, files, *more, runtime=PYTHON, handler="lambda_function.lambda_handler"):
        self.write("function.zip", zipped(files))
        made = self(
            *("lambda", "create-function", "--function-name", name, "--zip-file", "fileb://function.zip"),
            *("--handler", handler, "--runtime", runtime, "--role", role, *more),
        )
        self("lambda", "wait", "function-active-v2", "--function-name", name)
        return made["FunctionArn"]

    # -- what is asked again and again, which would take the command line too long

    def log(self, name):
        """The messages of a function's log."""
        logs = self._aws("logs")
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return ""
        return "\n".join(event["message"] for event in found)

    def logged(self, name, *texts):
        """Waits until all of these are in the log."""
        return eventually(lambda: all(text in self.log(name) for text in texts))

    def enabled(self, mapping):
        """Waits until a mapping reads; LATEST is where the stream ends when it is first read."""
        look = self._aws("lambda").get_event_source_mapping
        assert eventually(lambda: look(UUID=mapping["UUID"])["State"] == "Enabled")
        time.sleep(0.5)


@pytest.fixture
def cli(aws, environment, tmp_path, monkeypatch):
    aws("sts").get_caller_identity()  # from here on signatures are verified
    environment["AWS_DATA_PATH"] = str(Path(awscli.__file__).with_name("data"))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return Cli(aws, tmp_path)


def test_using_lambda_with_the_cli(cli):
    """Create a role and a function, invoke it, read its log, list, get and delete it."""
    role = cli.role("lambda-ex", BASIC)
    source = (
        "exports.handler = async function(event, context) {\n"
        '  console.log("ENVIRONMENT VARIABLES\\n" + JSON.stringify(process.env, null, 2))\n'
        '  console.log("EVENT\\n" + JSON.stringify(event, null, 2))\n'
        "  return context.logStreamName\n}\n"
    )
    cli.function("my-function", role, {"index.js": source}, runtime="nodejs20.x", handler="index.handler")
    answer = cli(
        "lambda",
        "invoke",
        "--function-name",
        "my-function",
        "out",
        "--log-type",
        "Tail",
        "--payload",
        '{"key": "value"}',
    )
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert "INFO\tEVENT" in tail and "REPORT RequestId: " in tail
    stream = json.loads(cli.read("out"))
    assert cli.logged("my-function", "REPORT RequestId")
    events = cli(
        "logs",
        "get-log-events",
        "--log-group-name",
        "/aws/lambda/my-function",
        "--log-stream-name",
        stream,
        "--limit",
        "5",
    )
    assert [event["message"].split()[0] for event in events["events"]][-1] == "REPORT"
    listed = cli("lambda", "list-functions", "--max-items", "10")["Functions"]
    assert [function["FunctionName"] for function in listed] == ["my-function"]
    assert cli("lambda", "get-function", "--function-name", "my-function")["Code"]["RepositoryType"] == "S3"
    cli("lambda", "delete-function", "--function-name", "my-function")
    gone = cli("lambda", "get-function", "--function-name", "my-function", fails=True)
    assert "(ResourceNotFoundException)" in gone and "Function not found: arn:aws:lambda:us-east-1:" in gone


def test_the_tutorial_of_sqs(cli):
    role = cli.role("lambda-sqs-role", "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole")
    source = (
        "def lambda_handler(event, context):\n    for message in event['Records']:\n        process_message(message)\n"
        "    print('done')\n\n"
        "def process_message(message):\n    try:\n        print(f\"Processed message {message['body']}\")\n"
        "    except Exception as err:\n        print('An error occurred')\n        raise err\n"
    )
    cli.function("ProcessSQSRecord", role, {"lambda_function.py": source})
    record = {
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "body": "test",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:my-queue",
        "awsRegion": "us-east-1",
    }
    cli.write("input.json", json.dumps({"Records": [record]}))
    answer = cli(
        "lambda", "invoke", "--function-name", "ProcessSQSRecord", "--payload", "file://input.json", "outputfile.txt"
    )
    assert answer["StatusCode"] == 200 and cli.read("outputfile.txt") == "null"
    url = cli("sqs", "create-queue", "--queue-name", "my-queue")["QueueUrl"]
    found = cli("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "QueueArn")
    arn = found["Attributes"]["QueueArn"]
    cli(
        *("lambda", "create-event-source-mapping", "--function-name", "ProcessSQSRecord"),
        *("--batch-size", "10", "--event-source-arn", arn),
    )
    listed = cli(
        "lambda", "list-event-source-mappings", "--function-name", "ProcessSQSRecord", "--event-source-arn", arn
    )
    assert listed["EventSourceMappings"][0]["State"] in ("Creating", "Enabled")
    cli("sqs", "send-message", "--queue-url", url, "--message-body", "hello from the tutorial")
    assert cli.logged("ProcessSQSRecord", "Processed message hello from the tutorial")


def test_the_tutorial_of_kinesis(cli):
    role = cli.role("lambda-kinesis-role", "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole")
    source = (
        "import base64\ndef lambda_handler(event, context):\n    for record in event['Records']:\n        try:\n"
        "            print(f\"Processed Kinesis Event - EventID: {record['eventID']}\")\n"
        "            record_data = base64.b64decode(record['kinesis']['data']).decode('utf-8')\n"
        "            print(f'Record Data: {record_data}')\n"
        "        except Exception as e:\n            print(f'An error occurred {e}')\n            raise e\n"
        "    print(f\"Successfully processed {len(event['Records'])} records.\")\n"
    )
    cli.function("ProcessKinesisRecords", role, {"lambda_function.py": source})
    cli("kinesis", "create-stream", "--stream-name", "lambda-stream", "--shard-count", "1")
    cli("kinesis", "wait", "stream-exists", "--stream-name", "lambda-stream")
    arn = cli("kinesis", "describe-stream", "--stream-name", "lambda-stream")["StreamDescription"]["StreamARN"]
    mapping = cli(
        *("lambda", "create-event-source-mapping", "--function-name", "ProcessKinesisRecords"),
        *("--event-source-arn", arn, "--batch-size", "100", "--starting-position", "LATEST"),
    )
    cli.enabled(mapping)
    cli(
        "kinesis",
        "put-record",
        "--stream-name",
        "lambda-stream",
        "--partition-key",
        "1",
        "--data",
        "Hello, this is a test.",
    )
    assert cli.logged(
        "ProcessKinesisRecords", "Record Data: Hello, this is a test.", "Successfully processed 1 records."
    )


def test_the_tutorial_of_dynamodb_streams(cli):
    role = cli.role("lambda-dynamodb-role", "arn:aws:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole")
    source = (
        "import json\ndef lambda_handler(event, context):\n    print(json.dumps(event, indent=2))\n"
        "    for record in event['Records']:\n        log_dynamodb_record(record)\n\n"
        "def log_dynamodb_record(record):\n    print(record['eventID'])\n    print(record['eventName'])\n"
        "    print(f\"DynamoDB Record: {json.dumps(record['dynamodb'])}\")\n"
    )
    cli.function("ProcessDynamoDBRecords", role, {"lambda_function.py": source})
    table = cli(
        *("dynamodb", "create-table", "--table-name", "lambda-dynamodb-stream"),
        *("--attribute-definitions", "AttributeName=id,AttributeType=S"),
        *("--key-schema", "AttributeName=id,KeyType=HASH"),
        *("--provisioned-throughput", "ReadCapacityUnits=1,WriteCapacityUnits=1"),
        *("--stream-specification", "StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES"),
    )["TableDescription"]
    cli("dynamodb", "wait", "table-exists", "--table-name", "lambda-dynamodb-stream")
    mapping = cli(
        *("lambda", "create-event-source-mapping", "--function-name", "ProcessDynamoDBRecords", "--batch-size", "100"),
        *("--starting-position", "LATEST", "--event-source-arn", table["LatestStreamArn"]),
    )
    cli.enabled(mapping)
    name = ("--table-name", "lambda-dynamodb-stream")
    cli("dynamodb", "put-item", *name, "--item", '{"id": {"S": "1"}, "text": {"S": "new"}}')
    cli("dynamodb", "delete-item", *name, "--key", '{"id": {"S": "1"}}')
    assert cli.logged(
        "ProcessDynamoDBRecords", "INSERT", "REMOVE", '"NewImage": {"id": {"S": "1"}, "text": {"S": "new"}'
    )


THUMBNAILS = """
import boto3
import os
import sys
import uuid
from urllib.parse import unquote_plus
from PIL import Image
import PIL.Image

s3_client = boto3.client('s3')

def resize_image(image_path, resized_path):
  with Image.open(image_path) as image:
    image.thumbnail(tuple(x / 2 for x in image.size))
    image.save(resized_path)

def lambda_handler(event, context):
  for record in event['Records']:
    bucket = record['s3']['bucket']['name']
    key = unquote_plus(record['s3']['object']['key'])
    tmpkey = key.replace('/', '')
    download_path = '/tmp/{}{}'.format(uuid.uuid4(), tmpkey)
    upload_path = '/tmp/resized-{}'.format(tmpkey)
    s3_client.download_file(bucket, key, download_path)
    resize_image(download_path, upload_path)
    s3_client.upload_file(upload_path, '{}-resized'.format(bucket), 'resized-{}'.format(key))
"""
S3_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["logs:PutLogEvents", "logs:CreateLogGroup", "logs:CreateLogStream"],
            "Resource": "arn:aws:logs:*:*:*",
        },
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::*/*"},
        {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": "arn:aws:s3:::*/*"},
    ],
}


def test_the_tutorial_of_thumbnails(cli, aws, package, tmp_path):
    for name in ("PIL", "pillow.libs"):
        (tmp_path / "package").mkdir(exist_ok=True)
        (tmp_path / "package" / name).symlink_to(package(f"python/binary/{name}"))
    source = f"source-{aws.account}"
    for bucket in (source, f"{source}-resized"):
        cli("s3api", "create-bucket", "--bucket", bucket, "--region", "us-east-1")
    cli.write("HappyFace.png", _picture(80, 60))
    cli.write("policy.json", json.dumps(S3_POLICY))
    policy = cli("iam", "create-policy", "--policy-name", "LambdaS3Policy", "--policy-document", "file://policy.json")
    role = cli.role("LambdaS3Role", policy["Policy"]["Arn"])
    cli.write("lambda_function.zip", zipped(tmp_path / "package", {"lambda_function.py": THUMBNAILS}))
    arn = cli(
        *(
            "lambda",
            "create-function",
            "--function-name",
            "CreateThumbnail",
            "--zip-file",
            "fileb://lambda_function.zip",
        ),
        *("--handler", "lambda_function.lambda_handler", "--runtime", PYTHON),
        *("--timeout", "10", "--memory-size", "1024", "--role", role, "--region", "us-east-1"),
    )["FunctionArn"]
    cli("lambda", "wait", "function-active-v2", "--function-name", "CreateThumbnail")
    cli(
        *("lambda", "add-permission", "--function-name", "CreateThumbnail", "--principal", "s3.amazonaws.com"),
        *("--statement-id", "s3invoke", "--action", "lambda:InvokeFunction"),
        *("--source-arn", f"arn:aws:s3:::{source}", "--source-account", aws.account),
    )
    configuration = {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    cli(
        *("s3api", "put-bucket-notification-configuration", "--bucket", source),
        *("--notification-configuration", json.dumps(configuration)),
    )
    cli("s3api", "put-object", "--bucket", source, "--key", "Happy Face.png", "--body", "HappyFace.png")
    s3 = aws("s3")
    listed = eventually(lambda: s3.list_objects_v2(Bucket=f"{source}-resized").get("Contents"))
    assert [each["Key"] for each in listed] == ["resized-Happy Face.png"]
    made = s3.get_object(Bucket=f"{source}-resized", Key="resized-Happy Face.png")["Body"].read()
    assert struct.unpack(">II", made[16:24]) == (40, 30)


def _picture(width, height):
    """A black PNG."""
    lines = (b"\0" + bytes(width)) * height
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0),
        b"IDAT": zlib.compress(lines),
        b"IEND": b"",
    }
    chunks = (struct.pack(">I", len(data)) + kind + data + _crc(kind + data) for kind, data in parts.items())
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _crc(data):
    return struct.pack(">I", zlib.crc32(data))


BOOTSTRAP = """#!/bin/sh

set -euo pipefail

# Initialization - load function handler
source $LAMBDA_TASK_ROOT/"$(echo $_HANDLER | cut -d. -f1).sh"

# Processing
while true
do
  HEADERS="$(mktemp)"
  # Get an event. The HTTP request will block until one is received
  EVENT_DATA=$(curl -sS -LD "$HEADERS" "http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/next")

  # Extract request ID by scraping response headers received above
  REQUEST_ID=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$HEADERS" | tr -d '[:space:]' | cut -d: -f2)

  # Run the handler function from the script
  RESPONSE=$($(echo "$_HANDLER" | cut -d. -f2) "$EVENT_DATA")

  # Send the response
  curl "http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/$REQUEST_ID/response"  -d "$RESPONSE"
done
"""
SHELL = """function handler () {
  EVENT_DATA=$1
  echo "$EVENT_DATA" 1>&2;
  RESPONSE="Echoing request: '$EVENT_DATA'"

  echo $RESPONSE
}
"""


def test_the_tutorial_of_a_custom_runtime(cli):
    """On Amazon Linux `sh` is bash; then the runtime becomes a layer."""
    role = cli.role("lambda-role", BASIC)
    bootstrap = BOOTSTRAP.replace("#!/bin/sh", "#!/bin/bash")
    files = {"bootstrap": bootstrap, "function.sh": SHELL}
    options = {"runtime": "provided.al2023", "handler": "function.handler"}
    cli.function("bash-runtime", role, files, **options)
    text = '{"text":"Hello"}'
    cli("lambda", "invoke", "--function-name", "bash-runtime", "--payload", text, "response.txt")
    assert cli.read("response.txt") == f"Echoing request: '{text}'"
    cli.write("runtime.zip", zipped({"bootstrap": bootstrap}))
    layer = cli("lambda", "publish-layer-version", "--layer-name", "bash-runtime", "--zip-file", "fileb://runtime.zip")
    assert layer["Version"] == 1
    cli(
        "lambda",
        "update-function-configuration",
        "--function-name",
        "bash-runtime",
        "--layers",
        layer["LayerVersionArn"],
    )
    cli("lambda", "wait", "function-updated-v2", "--function-name", "bash-runtime")
    cli.write("function-only.zip", zipped({"function.sh": SHELL}))
    cli("lambda", "update-function-code", "--function-name", "bash-runtime", "--zip-file", "fileb://function-only.zip")
    cli("lambda", "wait", "function-updated-v2", "--function-name", "bash-runtime")
    cli("lambda", "invoke", "--function-name", "bash-runtime", "--payload", '{"text":"Again"}', "response.txt")
    assert "Again" in cli.read("response.txt")
    cli(
        *("lambda", "add-layer-version-permission", "--layer-name", "bash-runtime", "--version-number", "1"),
        *("--principal", "*", "--statement-id", "publish", "--action", "lambda:GetLayerVersion"),
    )


def test_the_tutorial_of_function_urls(cli, aws):
    role = cli.role("lambda-url-role", BASIC)
    source = (
        "exports.handler = async (event) => {\n  let body = JSON.parse(event.body)\n"
        "  const product = body.num1 * body.num2;\n  const response = {\n    statusCode: 200,\n"
        '    body: "The product of " + body.num1 + " and " + body.num2 + " is " + product,\n  };\n  return response;\n};\n'
    )
    cli.function("my-url-function", role, {"index.js": source}, runtime="nodejs20.x", handler="index.handler")
    cli(
        *("lambda", "add-permission", "--function-name", "my-url-function", "--action", "lambda:InvokeFunctionUrl"),
        *("--statement-id", "UrlPolicyInvokeURL", "--principal", "*", "--function-url-auth-type", "NONE"),
    )
    cli(
        *("lambda", "add-permission", "--function-name", "my-url-function", "--action", "lambda:InvokeFunction"),
        *("--statement-id", "UrlPolicyInvokeFunction", "--principal", "*", "--invoked-via-function-url"),
    )
    made = cli("lambda", "create-function-url-config", "--function-name", "my-url-function", "--auth-type", "NONE")
    answer = Site(aws.endpoint, made["FunctionUrl"])("POST", "/", json={"num1": "10", "num2": "10"})
    assert answer.data == b"The product of 10 and 10 is 100"
