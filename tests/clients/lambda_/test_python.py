"""Python: packages with dependencies, AWS Lambda Powertools, web frameworks behind function URLs."""

import json

import pytest

from tests.clients.lambda_.conftest import eventually, zipped

BINARY = """
import io

import numpy
from PIL import Image
from pydantic import BaseModel, ValidationError

class Order(BaseModel):
    id: str
    prices: list[float]

def handler(event, context):
    image = io.BytesIO()
    Image.new("RGB", (64, 48), "red").resize((16, 12)).save(image, "PNG")
    try:
        order = Order.model_validate(event)
    except ValidationError as error:
        return [each["loc"][0] for each in error.errors()]
    return {"sum": float(numpy.sum(order.prices)), "image": Image.open(image).size}
"""


def test_wheels_with_machine_code(app, package):
    app.make(zipped(package("python/binary"), {"app.py": BINARY}))
    assert app.invoke({"id": "a", "prices": [1, 2.5]}) == {"sum": 3.5, "image": [16, 12]}
    assert app.invoke({"prices": []}) == ["id"]


# -- Powertools

OBSERVED = """
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

logger, metrics, tracer = Logger(service="orders"), Metrics(namespace="Shop", service="orders"), Tracer(service="orders")

@tracer.capture_method
def price(order):
    return order["count"] * 2

@logger.inject_lambda_context(log_event=True, correlation_id_path="id")
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event, context):
    metrics.add_metric(name="taken", unit=MetricUnit.Count, value=event["count"])
    logger.info("taking", extra={"price": price(event)})
    return context.aws_request_id
"""


@pytest.fixture
def powertools(app, package):
    def make(source, **options):
        return app.make(zipped(package("python/powertools"), {"app.py": source}), **options)

    return make


def test_powertools_logs_metrics_and_traces(app, aws, powertools):
    powertools(OBSERVED)
    lines = [json.loads(line) for line in app.log({"id": "a1", "count": 3}) if line.startswith("{")]
    taking = next(line for line in lines if line.get("message") == "taking")
    assert taking["level"] == "INFO" and taking["service"] == "orders" and taking["price"] == 6
    assert taking["cold_start"] is True and taking["correlation_id"] == "a1"
    assert taking["function_name"] == "app" and taking["function_memory_size"] == "512"
    embedded = [line for line in lines if "_aws" in line]
    assert {name for line in embedded for name in ("taken", "ColdStart") if name in line} == {"taken", "ColdStart"}
    assert app.invoke({"id": "a2", "count": 4})
    assert eventually(lambda: _total(aws, "Shop", "taken", service="orders") == 7)


def _total(aws, namespace, name, **dimensions):
    found = aws("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime="2020-01-01",
        EndTime="2100-01-01",
        Period=86400 * 365,
        Statistics=["Sum"],
    )
    return sum(each["Sum"] for each in found["Datapoints"])


IDEMPOTENT = """
import os
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent

charges = 0

@idempotent(
    persistence_store=DynamoDBPersistenceLayer(table_name=os.environ["TABLE"]),
    config=IdempotencyConfig(event_key_jmespath="id", expires_after_seconds=3600),
)
def handler(event, context):
    global charges
    charges += 1
    if event.get("fails"):
        raise ValueError("no")
    return {"order": event["id"], "charges": charges}
"""


def test_powertools_handles_an_order_once(app, aws, powertools):
    _table(aws, "idempotency", "id")
    app.allow("dynamodb:*")
    powertools(IDEMPOTENT, variables={"TABLE": "idempotency"})
    assert app.invoke({"id": "a"}) == app.invoke({"id": "a"}) == {"order": "a", "charges": 1}
    assert app.fail({"id": "b", "fails": True})["errorType"] == "ValueError"
    assert app.invoke({"id": "b"}) == {"order": "b", "charges": 3}
    items = aws("dynamodb").scan(TableName="idempotency")["Items"]
    assert {item["status"]["S"] for item in items} == {"COMPLETED"}


def _table(aws, name, key):
    aws("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


BATCH = """
import os
import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])

def handle(record):
    if record.body.startswith("bad"):
        raise ValueError(record.body)
    table.update_item(Key={"id": record.body}, UpdateExpression="ADD times :one", ExpressionAttributeValues={":one": 1})

def handler(event, context):
    return process_partial_response(event=event, record_handler=handle, processor=processor, context=context)
"""


def test_powertools_gives_back_what_failed_of_a_batch(app, aws, powertools, queue):
    _table(aws, "handled", "id")
    app.allow("dynamodb:*", "sqs:*")
    powertools(BATCH, variables={"TABLE": "handled"}, Timeout=5)
    sqs, (url, arn) = aws("sqs"), queue
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    dead_arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "5"})
    for body in ("one", "bad two", "three"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    app.client.create_event_source_mapping(
        FunctionName="app", EventSourceArn=arn, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    messages = eventually(lambda: sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=1).get("Messages"))
    assert [each["Body"] for each in messages] == ["bad two"]
    items = {item["id"]["S"]: item["times"]["N"] for item in aws("dynamodb").scan(TableName="handled")["Items"]}
    assert items == {"one": "1", "three": "1"}


PARAMETERS = """
from aws_lambda_powertools.utilities import parameters

def handler(event, context):
    return [
        parameters.get_parameter("/shop/price"),
        parameters.get_parameter("/shop/key", decrypt=True),
        parameters.get_parameters("/shop"),
        parameters.get_secret("token", transform="json"),
    ]
"""


def test_powertools_reads_parameters_and_secrets(app, aws, powertools):
    ssm = aws("ssm")
    ssm.put_parameter(Name="/shop/price", Value="12", Type="String")
    ssm.put_parameter(Name="/shop/key", Value="hush", Type="SecureString")
    aws("secretsmanager").create_secret(Name="token", SecretString='{"a": 1}')
    app.allow("ssm:*", "secretsmanager:*", "kms:*")
    powertools(PARAMETERS)
    price, key, all_of_them, token = app.invoke()
    assert (price, key, token) == ("12", "hush", {"a": 1})
    assert all_of_them["price"] == "12" and set(all_of_them) == {"price", "key"}


RESOLVED = """
from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

app = LambdaFunctionUrlResolver(enable_validation=True)

@app.get("/orders/<number>")
def order(number: int, full: bool = False) -> dict:
    if number > 10:
        raise NotFoundError(f"{number} is not there")
    return {"number": number, "full": full}

@app.post("/orders")
def create():
    return Response(201, "text/plain", app.current_event.body, cookies=[])

def handler(event, context):
    return app.resolve(event, context)
"""


def test_powertools_routes_requests_of_a_function_url(app, powertools):
    powertools(RESOLVED)
    site = app.url()
    assert site("GET", "/orders/7?full=true").json() == {"number": 7, "full": True}
    missing = site("GET", "/orders/70")
    assert (missing.status, missing.json()["message"]) == (404, "70 is not there")
    assert site("GET", "/orders/seven").status == 422
    made = site("POST", "/orders", {"Content-Type": "text/plain"}, body="an order")
    assert (made.status, made.data, made.headers["content-type"]) == (201, b"an order", "text/plain")


# -- web frameworks

FASTAPI = """
from fastapi import Cookie, FastAPI, Request, Response
from mangum import Mangum
from pydantic import BaseModel

app = FastAPI()

class Order(BaseModel):
    count: int

@app.get("/orders/{number}")
def read(number: int, request: Request, seen: str = Cookie("never")):
    return {"number": number, "seen": seen, "host": request.url.hostname, "client": request.client.host}

@app.put("/orders/{number}", status_code=201)
def write(number: int, order: Order, response: Response):
    response.set_cookie("seen", str(number))
    response.set_cookie("count", str(order.count))
    return order

@app.get("/image")
def image():
    return Response(bytes(range(256)), media_type="image/png")

handler = Mangum(app, lifespan="off")
"""


def test_fastapi_behind_a_function_url(app, package):
    app.make(zipped(package("python/web"), {"app.py": FASTAPI}))
    site = app.url()
    made = site("PUT", "/orders/3", json={"count": 2})
    assert (made.status, made.json()) == (201, {"count": 2})
    assert made.headers.getlist("set-cookie") == ["seen=3; Path=/; SameSite=lax", "count=2; Path=/; SameSite=lax"]
    read = site("GET", "/orders/3", {"Cookie": "seen=3"}).json()
    assert read == {"number": 3, "seen": "3", "host": site.host.partition(":")[0], "client": "127.0.0.1"}
    assert site("PUT", "/orders/3", json={"count": "x"}).status == 422
    assert site("GET", "/image").data == bytes(range(256))
    assert site("GET", "/openapi.json").json()["info"]["title"] == "FastAPI"


FLASK = """
from apig_wsgi import make_lambda_handler
from flask import Flask, request

app = Flask(__name__)

@app.post("/echo/<path:rest>")
def echo(rest):
    return {"path": rest, "args": request.args.getlist("a"), "form": request.form.to_dict(), "header": request.headers["X-Own"]}

handler = make_lambda_handler(app)
"""


def test_flask_behind_a_function_url(app, package):
    app.make(zipped(package("python/web"), {"app.py": FLASK}))
    answer = app.url()(
        "POST",
        "/echo/a%20b/c?a=1&a=2",
        {"X-Own": "yes", "Content-Type": "application/x-www-form-urlencoded"},
        body="f=%C3%BC",
    )
    assert answer.json() == {"path": "a b/c", "args": ["1", "2"], "form": {"f": "ü"}, "header": "yes"}
