"""Task states: what they ask of services, retries, catchers, timeouts, tokens, activities, executions in executions."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.services.lambda_.functions import Functions
from tests.services.stepfunctions.conftest import make_role


def task(resource, parameters=None, **about):
    found = {"Type": "Task", "Resource": resource, "End": True, **about}
    return {"T": found if parameters is None else {**found, "Parameters": parameters}}


def sending(queue, **about):
    return task("arn:aws:states:::sqs:sendMessage", {"QueueUrl": queue.url, "MessageBody.$": "$"}, **about)


def test_message_is_sent_and_its_answer_is_the_result(machines, queue):
    execution = machines.start(sending(queue), {"a": 1})
    found = machines.ended(execution)
    assert json.loads(queue.take()) == {"a": 1}
    assert found["output"]["MessageId"] and found["output"]["SdkHttpMetadata"]["HttpStatusCode"] == 200
    events = machines.history(execution)
    assert [event["type"] for event in events][1:6] == [
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
    ]
    scheduled = events[2]["taskScheduledEventDetails"]
    assert (scheduled["resourceType"], scheduled["resource"], scheduled["region"]) == (
        "sqs",
        "sendMessage",
        "us-east-1",
    )
    assert json.loads(scheduled["parameters"]) == {"QueueUrl": queue.url, "MessageBody": {"a": 1}}


def test_any_operation_is_called_with_names_in_pascal_case(machines):
    states = task(
        "arn:aws:states:::aws-sdk:ssm:putParameter", {"Name": "p", "Type": "String", "Value.$": "$.v"}, Next="G"
    )
    del states["T"]["End"]
    states["G"] = task("arn:aws:states:::aws-sdk:ssm:getParameter", {"Name": "p"})["T"]
    found = machines.run(states, {"v": "x"})["output"]["Parameter"]
    assert (found["Value"], found["Version"], found["Arn"][-12:]) == ("x", 1, ":parameter/p")


def test_refusal_of_an_operation_names_its_exception(machines):
    found = machines.run(
        task("arn:aws:states:::aws-sdk:dynamodb:getItem", {"TableName": "none", "Key": {"id": {"S": "1"}}})
    )
    assert found["error"] == "DynamoDb.ResourceNotFoundException"
    assert "(Service: DynamoDb, Status Code: 400, Request ID: " in found["cause"]


def test_item_of_a_table_is_a_result(machines, aws):
    dynamodb, item = aws("dynamodb"), {"id": {"S": "1"}, "size": {"N": "2"}, "tags": {"L": [{"S": "a"}]}}
    dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="orders", Item=item)
    reading = task("arn:aws:states:::dynamodb:getItem", {"TableName": "orders", "Key": {"id": {"S": "1"}}}, Next="Q")
    del reading["T"]["End"]
    query = {
        "TableName": "orders",
        "KeyConditionExpression": "id = :i",
        "ExpressionAttributeValues": {":i": {"S": "1"}},
    }
    states = {
        "T": {**reading["T"], "ResultPath": "$.one"},
        "Q": task("arn:aws:states:::aws-sdk:dynamodb:query", query, ResultPath="$.all")["T"],
    }
    found = machines.run(states)["output"]
    assert (found["one"]["Item"], found["all"]["Items"]) == (item, [item])


def test_condition_that_fails_is_caught_by_its_name(machines, aws):
    aws("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"TableName": "orders", "Item": {"id": {"S.$": "$.id"}}, "ConditionExpression": "attribute_not_exists(id)"}
    states = task(
        "arn:aws:states:::dynamodb:putItem",
        item,
        Catch=[{"ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"], "ResultPath": "$.e", "Next": "Known"}],
    )
    states["Known"] = {"Type": "Pass", "Result": "known", "End": True}
    arn = machines.make(states)
    assert machines.run(arn, {"id": "1"})["output"]["SdkResponseMetadata"]["RequestId"]
    assert machines.run(arn, {"id": "1"})["output"] == "known"


def test_parameter_that_the_operation_does_not_have_ends_the_execution(machines):
    found = machines.run(task("arn:aws:states:::aws-sdk:sqs:listQueues", {"Nope": 1}))
    assert found["error"] == "States.Runtime"
    assert (
        "could not be used to start the Task: [The field 'Nope' is not supported by Step Functions]" in found["cause"]
    )


def test_role_that_may_not_is_refused(machines, aws):
    arn = machines.make(task("arn:aws:states:::aws-sdk:sqs:listQueues", {}), roleArn=make_role(aws, "poor", "sns:*"))
    found = machines.run(arn)
    assert (found["status"], found["error"]) == ("FAILED", "Sqs.SqsException")
    assert "is not authorized to perform: sqs:ListQueues" in found["cause"]


def test_credentials_name_a_role_of_another_account(machines, aws):
    other = "210987654321"
    iam = aws("iam", account=other)
    trust = {"Effect": "Allow", "Principal": {"AWS": machines.role}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    allow = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName="theirs", PolicyName="p", PolicyDocument=document)
    states = task("arn:aws:states:::aws-sdk:sqs:createQueue", {"QueueName": "there"}, Credentials={"RoleArn": role})
    assert f"/{other}/there" in machines.run(states)["output"]["QueueUrl"]
    states["T"]["Credentials"] = {"RoleArn": machines.role}
    assert machines.run(states)["error"] == "Sqs.SqsException"


def test_token_for_idempotency_need_not_be_given(machines):
    arguments = {"Name": "s", "SecretString": "x"}
    found = machines.run(task("arn:aws:states:::aws-sdk:secretsmanager:createSecret", arguments))
    assert found["output"]["Name"] == "s"


def test_work_that_is_not_taken_is_not_submitted(machines):
    parameters = {"QueueUrl": "http://localhost/123456789012/none", "MessageBody.$": "$$.Task.Token"}
    execution = machines.start(task("arn:aws:states:::sqs:sendMessage.waitForTaskToken", parameters))
    assert machines.ended(execution)["error"] == "SQS.QueueDoesNotExistException"
    assert "TaskSubmitFailed" in machines.types(execution)


def test_http_endpoint_is_asked_with_the_secrets_of_a_connection(machines, aws, endpoint):
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "v"}}
    made = aws("events").create_connection(Name="c", AuthorizationType="API_KEY", AuthParameters=key)
    parameters = {
        "ApiEndpoint": endpoint.url,
        "Method": "POST",
        "Authentication": {"ConnectionArn": made["ConnectionArn"]},
        "QueryParameters": {"q": "1"},
        "RequestBody": {"n.$": "$.n"},
    }
    found = machines.quick(task("arn:aws:states:::http:invoke", parameters), {"n": 1})["output"]
    assert (found["StatusCode"], found["ResponseBody"]) == (200, {"path": "/?q=1", "key": "v", "body": {"n": 1}})
    refusal = machines.quick(task("arn:aws:states:::http:invoke", {**parameters, "Method": "DELETE"}), {"n": 1})
    assert refusal["error"] == "States.Http.StatusCode.501"


class Answering(BaseHTTPRequestHandler):
    """Answers a POST with what it was sent."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps({"path": self.path, "key": self.headers["X-Key"], "body": body}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def endpoint():
    server = HTTPServer(("127.0.0.1", 0), Answering)
    server.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


# -- retries


def failing(**about):
    return task("arn:aws:states:::aws-sdk:sqs:getQueueUrl", {"QueueName": "none"}, **about)


def test_retries_wait_ever_longer(machines, clock):
    retrier = {
        "ErrorEquals": ["Sqs.QueueDoesNotExistException"],
        "IntervalSeconds": 10,
        "BackoffRate": 3,
        "MaxAttempts": 2,
    }
    execution = machines.start(failing(Retry=[retrier]))
    machines.until(execution, "TaskFailed")
    clock.advance(seconds=11)
    assert machines.types(execution).count("TaskFailed") == 2
    clock.advance(seconds=25)
    assert machines.sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
    clock.advance(seconds=6)
    found = machines.ended(execution)
    assert (found["status"], machines.types(execution).count("TaskScheduled")) == ("FAILED", 3)


def test_queue_that_appears_meanwhile_ends_the_retries(machines, clock, aws):
    execution = machines.start(failing(Retry=[{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5}]))
    machines.until(execution, "TaskFailed")
    aws("sqs").create_queue(QueueName="none")
    clock.advance(seconds=6)
    assert machines.ended(execution)["output"]["QueueUrl"].endswith("/none")


def test_runtime_errors_are_not_for_all(machines):
    broken = task("arn:aws:states:::aws-sdk:sqs:listQueues", {"a.$": "$.nope"})
    broken["T"]["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "N"}]
    broken["N"] = {"Type": "Succeed"}
    assert machines.run(broken)["error"] == "States.Runtime"


# -- functions


CODE = """
def handler(event, context):
    if event.get("fail"):
        raise ValueError("no")
    return {"doubled": event["n"] * 2}
"""


@pytest.fixture
def function(aws):
    return Functions(aws).make(CODE)["FunctionArn"]


def test_function_answers_directly_and_through_invoke(machines, function):
    states = task(function, ResultPath="$.a", Next="B")
    del states["T"]["End"]
    invoke = {"FunctionName": function, "Payload": {"n.$": "$.a.doubled"}}
    states["B"] = task("arn:aws:states:::lambda:invoke", invoke, OutputPath="$.Payload")["T"]
    execution = machines.start(states, {"n": 2})
    assert machines.ended(execution)["output"] == {"doubled": 8}
    assert machines.types(execution)[2:5] == [
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionSucceeded",
    ]
    arn = machines.make(task(function))
    found = machines.run(arn, {"fail": True})
    assert (found["error"], json.loads(found["cause"])["errorMessage"]) == ("ValueError", "no")
    quick = machines.quick(
        task("arn:aws:states:::lambda:invoke", {"FunctionName": function, "Payload.$": "$"}), {"n": 1}
    )
    assert quick["output"]["Payload"] == {"doubled": 2}


# -- tokens


def waiting(queue, **about):
    body = {"token.$": "$$.Task.Token", "who.$": "$.who"}
    return task(
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken", {"QueueUrl": queue.url, "MessageBody": body}, **about
    )


def test_token_brings_the_result(machines, queue, refused):
    execution = machines.start(waiting(queue), {"who": "jane"})
    body = json.loads(queue.take())
    assert body["who"] == "jane"
    machines.until(execution, "TaskSubmitted")
    machines.sfn.send_task_success(taskToken=body["token"], output='{"approved": true}')
    assert machines.ended(execution)["output"] == {"approved": True}
    with refused("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'"):
        machines.sfn.send_task_success(taskToken=body["token"], output="{}")
    with refused("InvalidToken"):
        machines.sfn.send_task_failure(taskToken="nonsense")
    with refused("InvalidOutput"):
        machines.sfn.send_task_success(taskToken=body["token"], output="{")


def test_token_brings_a_failure(machines, queue):
    execution = machines.start(waiting(queue), {"who": "joe"})
    machines.sfn.send_task_failure(taskToken=json.loads(queue.take())["token"], error="Rejected", cause="no")
    found = machines.ended(execution)
    assert (found["status"], found["error"], found["cause"]) == ("FAILED", "Rejected", "no")


def test_task_without_a_heartbeat_times_out(machines, queue, clock):
    execution = machines.start(waiting(queue, HeartbeatSeconds=60, TimeoutSeconds=1000), {"who": "x"})
    token = json.loads(queue.take())["token"]
    clock.advance(seconds=50)
    machines.sfn.send_task_heartbeat(taskToken=token)
    clock.advance(seconds=50)
    assert machines.sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
    clock.advance(seconds=11)
    found = machines.ended(execution)
    assert (found["status"], found["error"]) == ("FAILED", "States.HeartbeatTimeout")
    assert "TaskTimedOut" in machines.types(execution)


def test_task_times_out_and_is_caught(machines, queue, clock):
    states = waiting(queue, TimeoutSeconds=30, Catch=[{"ErrorEquals": ["States.Timeout"], "Next": "Late"}])
    states["Late"] = {"Type": "Pass", "Result": "late", "End": True}
    execution = machines.start(states, {"who": "x"})
    machines.until(execution, "TaskSubmitted")
    clock.advance(seconds=31)
    assert machines.ended(execution)["output"] == "late"


# -- activities


def test_worker_takes_the_task_of_an_activity(machines):
    sfn = machines.sfn
    activity = sfn.create_activity(name="work")["activityArn"]
    execution = machines.start(task(activity, {"n.$": "$.n"}), {"n": 1})
    taken = sfn.get_activity_task(activityArn=activity, workerName="w")
    assert json.loads(taken["input"]) == {"n": 1}
    sfn.send_task_success(taskToken=taken["taskToken"], output="[1]")
    assert machines.ended(execution)["output"] == [1]
    types = machines.types(execution)
    assert types[2:5] == ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]


def test_activity_is_described_listed_and_deleted(sfn, refused):
    arn = sfn.create_activity(name="a", tags=[{"key": "k", "value": "v"}])["activityArn"]
    assert sfn.describe_activity(activityArn=arn)["name"] == "a"
    assert [each["activityArn"] for each in sfn.list_activities()["activities"]] == [arn]
    assert sfn.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "k", "value": "v"}]
    sfn.delete_activity(activityArn=arn)
    with refused("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'"):
        sfn.get_activity_task(activityArn=arn)
    with refused("InvalidName"):
        sfn.create_activity(name="a b")


# -- executions in executions


def nested(arn, pattern, **about):
    return task(
        f"arn:aws:states:::states:startExecution{pattern}", {"StateMachineArn": arn, "Input": {"x": 1}}, **about
    )


def test_state_waits_for_an_execution(machines):
    inner = machines.make({"A": {"Type": "Pass", "End": True}})
    found = machines.run(nested(inner, ".sync:2"))["output"]
    assert (found["Status"], found["Output"], found["StateMachineArn"]) == ("SUCCEEDED", {"x": 1}, inner)
    assert json.loads(machines.run(nested(inner, ".sync"))["output"]["Output"]) == {"x": 1}
    assert "ExecutionArn" in machines.run(nested(inner, ""))["output"]


def test_state_fails_with_the_execution_that_it_waits_for(machines):
    inner = machines.make({"F": {"Type": "Fail", "Error": "Mine"}})
    found = machines.run(nested(inner, ".sync"))
    assert found["error"] == "States.TaskFailed"
    assert json.loads(found["cause"])["Error"] == "Mine"


def test_execution_that_nobody_waits_for_any_more_stops(machines, sfn):
    inner = machines.make({"W": {"Type": "Wait", "Seconds": 1000, "End": True}})
    execution = machines.start(nested(inner, ".sync"))
    machines.until(execution, "TaskSubmitted")
    child = sfn.list_executions(stateMachineArn=inner)["executions"][0]["executionArn"]
    sfn.stop_execution(executionArn=execution)
    assert machines.ended(child)["status"] == "ABORTED"
