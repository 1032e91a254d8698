"""Node.js: the AWS SDK that runtimes have, packages of esbuild and TypeScript, AWS Lambda Powertools, middy, streams."""

import json
from pathlib import Path

import pytest

from tests.clients.lambda_.conftest import eventually, zipped

NODE = "nodejs20.x"


@pytest.fixture
def node(app, package):
    package("libraries/nodejs/node_modules")

    def make(*parts, handler="index.handler", **options):
        app.make(zipped(*parts), runtime=NODE, handler=handler, **options)
        return app

    return make


def source(name):
    return (Path(__file__).parent / "javascript" / name).read_text()


def _table(aws, name="orders"):
    aws("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_the_sdk_of_the_runtime_in_an_es_module(app, aws, node):
    _table(aws)
    app.allow("dynamodb:*")
    node({"index.mjs": source("plain.mjs")}, variables={"TABLE": "orders"})
    assert app.invoke({"id": "a", "at": 5}) == {"id": "a", "at": 5}


def test_the_sdk_of_the_runtime_in_commonjs(app, aws, node):
    aws("s3").create_bucket(Bucket=f"texts-{aws.account}")
    app.allow("s3:*")
    node({"index.js": source("plain.cjs")})
    assert app.invoke({"bucket": f"texts-{aws.account}", "text": "grüße"}) == "grüße"


PACKAGES = ["bundled-cjs", "bundled-esm", "compiled"]


@pytest.fixture
def orders(app, package, node):
    """A function of typescript/orders.ts, as a bundle of esbuild's or as tsc compiled it, with its modules."""

    def make(kind, name, **options):
        file = "orders" if kind == "compiled" else "index"
        node(package(f"javascript/{kind}"), handler=f"{file}.{name}", **options)
        return app

    return make


@pytest.mark.parametrize("kind", PACKAGES)
def test_powertools_logs_measures_and_reads_parameters(aws, app, orders, kind):
    aws("ssm").put_parameter(Name="/shop/price", Value="12", Type="String")
    app.allow("ssm:*", "kms:*")
    orders(kind, "take")
    lines = app.log({"id": "a", "count": 2})
    said = [json.loads(line) for line in lines if line.startswith("{")]
    taking = next(line for line in said if line.get("message") == "taking")
    assert (taking["service"], taking["order"], taking["cold_start"]) == ("orders", "a", True)
    assert any(line.get("taken") == 2 and "_aws" in line for line in said)
    answer = app.invoke({"id": "b", "count": 1})
    assert (answer["order"], answer["price"]) == ("b", "12")


def test_powertools_gives_back_what_failed_of_a_batch(aws, app, orders, queue):
    app.allow("sqs:*")
    orders("bundled-cjs", "consume", Timeout=5)
    sqs, (url, arn) = aws("sqs"), queue
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    dead_arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "5"})
    for body in ("one", "bad two"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    app.client.create_event_source_mapping(
        FunctionName="app", EventSourceArn=arn, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    messages = eventually(lambda: sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=1).get("Messages"))
    assert [each["Body"] for each in messages] == ["bad two"]


def test_powertools_handles_an_order_once(aws, app, orders):
    _table(aws)
    app.allow("dynamodb:*")
    orders("bundled-esm", "pay", variables={"TABLE": "orders"})
    assert app.invoke({"id": "a"}) == app.invoke({"id": "a"}) == {"order": "a", "charges": 1}
    assert app.invoke({"id": "b"})["charges"] == 2


def test_middy_parses_and_refuses_bodies(app, orders):
    site = orders("compiled", "receive").url()
    assert site("POST", "/", json={"id": "a"}).json() == {"got": "a"}
    refused = site("POST", "/", {"Content-Type": "application/json"}, body="{nothing")
    assert (refused.status, refused.data) == (415, b"Invalid or malformed JSON was provided")


# -- streams

STREAM = """
import { setTimeout as pause } from "node:timers/promises";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";

export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
  if (event.requestContext) {
    stream = awslambda.HttpResponseStream.from(stream, { statusCode: 202, headers: { "x-made-by": "Node" }, cookies: ["a=1"] });
  }
  await pipeline(Readable.from((async function* () {
    for (let number = 0; number < 3; number += 1) {
      yield `part ${number}\\n`;
      await pause(event.pause ?? 0);
    }
  })()), stream);
});
"""

READER = """
import { InvokeWithResponseStreamCommand, LambdaClient } from "@aws-sdk/client-lambda";

const answer = await new LambdaClient({}).send(new InvokeWithResponseStreamCommand({
  FunctionName: "app", Payload: JSON.stringify({ pause: 50 }), LogType: "Tail",
}));
const found = [];
for await (const event of answer.EventStream) {
  if (event.PayloadChunk) found.push(Buffer.from(event.PayloadChunk.Payload).toString());
  if (event.InvokeComplete) found.push(Buffer.from(event.InvokeComplete.LogResult, "base64").toString().split(" ")[0]);
}
console.log(JSON.stringify([answer.StatusCode, answer.ResponseStreamContentType, found]));
"""


def test_the_sdk_reads_a_stream_while_it_is_written(node, package, program, environment, tmp_path):
    node({"index.mjs": STREAM})
    (tmp_path / "node_modules").symlink_to(package("javascript/node_modules"))
    (tmp_path / "reader.mjs").write_text(READER)
    status, kind, found = json.loads(program("node", "reader.mjs"))
    assert (status, kind) == (200, "application/octet-stream")
    assert found == ["part 0\n", "part 1\n", "part 2\n", "START"]


def test_a_function_url_streams(node):
    site = node({"index.mjs": STREAM}).url(InvokeMode="RESPONSE_STREAM")
    answer = site("GET", "/")
    assert (answer.status, answer.headers["x-made-by"], answer.headers["set-cookie"]) == (202, "Node", "a=1")
    assert answer.data == b"part 0\npart 1\npart 2\n"
