"""Packages that tools have built: AWS Chalice, the AWS SAM CLI."""

import json
import shutil
import subprocess

import pytest

from tests.clients.lambda_.conftest import PYTHON, eventually, zipped

# -- Chalice


def request(method, path, body=None):
    """What API Gateway gives a function of Chalice's."""
    return {
        "resource": path,
        "requestContext": {"httpMethod": method, "resourcePath": path, "identity": {"sourceIp": "127.0.0.1"}},
        "headers": {"content-type": "application/json"},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"number": "7"},
        "stageVariables": None,
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


def test_a_package_of_chalice_answers_requests(app, package):
    app.make(package("chalice/packaged/deployment.zip").read_bytes(), handler="app.app", variables={"STAGE": "dev"})
    answer = app.invoke(request("GET", "/"))
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"hello": "chalice", "stage": "dev"})
    answer = app.invoke(request("PUT", "/orders/{number}", {"count": 2}))
    assert json.loads(answer["body"]) == {"number": "7", "count": 2}
    assert app.invoke(request("PUT", "/orders/{number}", {}))["statusCode"] == 400


def test_other_functions_of_a_package_of_chalice(app, package):
    code = package("chalice/packaged/deployment.zip").read_bytes()
    app.make(code, "add", handler="app.add")
    assert app.invoke({"a": 1, "b": 2}, "add") == 3
    app.make(code, "consume", handler="app.consume")
    record = {"body": "an order", "receiptHandle": "r"}
    assert "consumed an order" in app.log({"Records": [record]}, "consume")


@pytest.fixture
def chalice(package, environment, tmp_path):
    """Runs Chalice in a project of its own."""
    tool = package("chalice-tool/bin/chalice")
    environment["PIP_NO_INDEX"] = "1"

    def run(*arguments):
        done = subprocess.run(
            [tool, *arguments], cwd=tmp_path / "app", env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


DEPLOYED = """
from chalice import Chalice, Rate

app = Chalice(app_name="stock")

@app.lambda_function(name="double")
def double(event, context):
    return event["n"] * 2

@app.on_sqs_message(queue="orders", batch_size=1)
def consume(event):
    import boto3
    for record in event:
        boto3.client("sns").publish(TopicArn=record.body, Message="consumed")

@app.on_sns_message(topic="news")
def read(event):
    print("read", event.message)

@app.on_s3_event(bucket="{bucket}", events=["s3:ObjectCreated:*"])
def look(event):
    print("saw", event.bucket, event.key)

@app.schedule(Rate(1, unit=Rate.HOURS))
def tick(event):
    print("tick")
"""


def test_chalice_deploys_functions_with_their_sources(app, aws, chalice, queue, tmp_path):
    bucket = f"pictures-{aws.account}"
    aws("s3").create_bucket(Bucket=bucket)
    topic = aws("sns").create_topic(Name="news")["TopicArn"]
    project = tmp_path / "app"
    (project / ".chalice").mkdir(parents=True)
    (project / "app.py").write_text(DEPLOYED.replace("{bucket}", bucket))
    (project / "requirements.txt").touch()
    config = {"version": "2.0", "app_name": "stock", "autogen_policy": False, "iam_policy_file": "policy.json"}
    (project / ".chalice" / "config.json").write_text(json.dumps({**config, "stages": {"dev": {}}}))
    statement = {"Effect": "Allow", "Action": ["logs:*", "sqs:*", "sns:Publish"], "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    (project / ".chalice" / "policy.json").write_text(json.dumps(policy))

    assert "Lambda ARN" in chalice("deploy")
    assert app.invoke({"n": 21}, "stock-dev-double") == 42
    logs = aws("logs")

    def log_of(name, text):
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/stock-dev-{name}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return False
        return any(text in event["message"] for event in found)

    aws("s3").put_object(Bucket=bucket, Key="a.png", Body=b"x")
    aws("sqs").send_message(QueueUrl=queue[0], MessageBody=topic)
    assert eventually(lambda: log_of("look", f"saw {bucket} a.png"))
    assert eventually(lambda: log_of("read", "read consumed"))
    rules = aws("events").list_rules()["Rules"]
    assert [rule["ScheduleExpression"] for rule in rules] == ["rate(1 hour)"]

    # what is not in the source any more is removed; of what is, Chalice waits ten seconds for each change
    (project / "app.py").write_text(DEPLOYED[: DEPLOYED.index("@app.on_sqs_message")].replace("* 2", "* 3"))
    chalice("deploy")
    assert app.invoke({"n": 21}, "stock-dev-double") == 63
    assert [each["FunctionName"] for each in app.client.list_functions()["Functions"]] == ["stock-dev-double"]
    chalice("delete")
    assert app.client.list_functions()["Functions"] == []


# -- SAM


def test_functions_that_sam_has_built_take_the_place_of_others(app, package, program, tmp_path):
    build = package("sam/.aws-sam/build")
    for name, runtime, handler in (
        ("Orders", PYTHON, "app.lambda_handler"),
        ("Bundled", "provided.al2023", "bootstrap"),
    ):
        app.make(zipped({"app.py": "", "bootstrap": "#!/bin/sh\n"}), name, runtime=runtime, handler=handler)
        archive = shutil.make_archive(str(tmp_path / name), "zip", build / name)
        updated = program(
            "aws", "lambda", "update-function-code", "--function-name", name, "--zip-file", f"fileb://{archive}"
        )
        assert json.loads(updated)["LastUpdateStatus"] == "InProgress"
        app.client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.02})
    answer = app.invoke({"bytes": 3_000_000}, "Orders")
    assert json.loads(answer["body"]) == {"size": "3.0 MB"}
    assert app.invoke({"id": "a", "count": 2}, "Bundled")["doubled"] == 4
