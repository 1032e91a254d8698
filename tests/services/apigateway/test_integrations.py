"""What is behind methods: templates, mappings, services of AWS, HTTP endpoints; validation and caches before them."""

import json

from tests.services.apigateway.apis import MOCK

JSON = {"Content-Type": "application/json"}


def test_a_mock_answers_what_its_templates_say(apis):
    template = """#set($body = $input.path('$'))
{"statusCode": #if($body.fail)400#{else}200#end}"""
    answer = """#set($context.responseOverride.header.X-Id = "$context.requestId")
{"id": "$input.params('id')", "list": [#foreach($n in [1..3])$n#if($foreach.hasNext),#end#end], "stage": "$stageVariables.s"}"""
    api, resource = apis.make(
        "orders/{id}",
        "POST",
        type="MOCK",
        requestTemplates={"application/json": template},
        response={"responseTemplates": {"application/json": answer}},
    )
    of = {"restApiId": api, "resourceId": resource, "httpMethod": "POST"}
    apis.client.put_method_response(**of, statusCode="400")
    apis.client.put_integration_response(**of, statusCode="400", selectionPattern="4\\d\\d")
    apis.deploy(api, variables={"s": "x"})
    made = apis.visit(api, "/prod/orders/7", "POST", "{}", JSON)
    assert made.json == {"id": "7", "list": [1, 2, 3], "stage": "x"}
    assert made.headers["X-Id"] == made.headers["x-amzn-RequestId"]
    assert apis.visit(api, "/prod/orders/7", "POST", '{"fail": true}', JSON).status == 400


def test_mapped_headers_and_cors_by_a_mock(apis):
    response = {
        "responseParameters": {
            "method.response.header.Access-Control-Allow-Origin": "'*'",
            "method.response.header.X-Query": "method.request.querystring.q",
        }
    }
    templates = {"application/json": "{ statusCode: 200 }"}  # as CDK writes it
    api, _ = apis.make(method="OPTIONS", type="MOCK", requestTemplates=templates, response=response)
    apis.deploy(api)
    answer = apis.visit(api, "/prod/orders?q=1", "OPTIONS")
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert answer.headers["X-Query"] == "1"
    answer = apis.visit(api, "/prod/orders?q=1%0d%0aX-Forged:%202", "OPTIONS")
    assert (answer.headers["X-Query"], answer.headers["X-Forged"]) == ("1X-Forged: 2", None)


def test_a_function_behind_templates_gets_and_gives_what_they_make(apis):
    source = """
def handler(event, context):
    if event["name"] == "bad":
        raise Exception("[BadRequest] no")
    return {"greeting": "hello " + event["name"]}
"""
    api, resource = apis.make(
        type="AWS",
        integrationHttpMethod="POST",
        uri=apis.function(source),
        requestTemplates={"application/json": '{"name": "$input.params(\'name\')"}'},
        response={"responseTemplates": {"application/json": "{\"said\": $input.json('$.greeting')}"}},
    )
    of = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    apis.client.put_method_response(**of, statusCode="400")
    apis.client.put_integration_response(
        **of,
        statusCode="400",
        selectionPattern="\\[BadRequest\\].*",
        responseTemplates={"application/json": '{"error": "$input.path(\'$.errorMessage\')"}'},
    )
    apis.deploy(api)
    assert apis.visit(api, "/prod/orders?name=Ann").json == {"said": "hello Ann"}
    failed = apis.visit(api, "/prod/orders?name=bad")
    assert (failed.status, failed.json) == (400, {"error": "[BadRequest] no"})


def test_dynamodb_and_s3_without_a_function(apis):
    role = apis.role()
    apis.aws("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"TableName": "orders", "Item": {"id": {"S": "$input.path('$.id')"}}}
    api, _ = apis.make(
        method="POST",
        type="AWS",
        integrationHttpMethod="POST",
        uri="arn:aws:apigateway:us-east-1:dynamodb:action/PutItem",
        credentials=role,
        requestTemplates={"application/json": json.dumps(item)},
    )
    s3 = apis.aws("s3")
    bucket = f"bucket-{api}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a/b.txt", Body=b"from s3")
    apis.add(
        api,
        "files/{key+}",
        type="AWS",
        integrationHttpMethod="GET",
        uri=f"arn:aws:apigateway:us-east-1:s3:path/{bucket}/{{key}}",
        credentials=role,
        requestParameters={"integration.request.path.key": "method.request.path.key"},
        response={
            "responseParameters": {"method.response.header.Content-Type": "integration.response.header.Content-Type"}
        },
    )
    apis.deploy(api)
    assert apis.visit(api, "/prod/orders", "POST", '{"id": "7"}', JSON).status == 200
    assert apis.aws("dynamodb").get_item(TableName="orders", Key={"id": {"S": "7"}})["Item"]
    file = apis.visit(api, "/prod/files/a/b.txt")
    assert (file.body, file.headers["Content-Type"]) == (b"from s3", "binary/octet-stream")


def test_messages_go_to_queues_and_topics_by_their_forms(apis):
    role, sqs = apis.role(), apis.aws("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    topic = apis.aws("sns").create_topic(Name="t")["TopicArn"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "*", "Resource": queue}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [statement]})})
    apis.aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    form = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}
    account = queue.split(":")[4]
    api, _ = apis.make(
        method="POST",
        type="AWS",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:sqs:path/{account}/q",
        credentials=role,
        requestParameters=form,
        requestTemplates={"application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"},
    )
    apis.add(
        api,
        "topic",
        type="AWS",
        integrationHttpMethod="POST",
        uri="arn:aws:apigateway:us-east-1:sns:action/Publish",
        credentials=role,
        requestParameters={
            "integration.request.querystring.TopicArn": f"'{topic}'",
            "integration.request.querystring.Message": "method.request.querystring.m",
        },
    )
    apis.deploy(api)
    sent = apis.visit(api, "/prod/orders", "POST", '{"a": "b&c"}', JSON)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == '{"a": "b&c"}'
    result = json.loads(sent.body)["SendMessageResponse"]["SendMessageResult"]
    assert (result["MessageId"], result["SequenceNumber"]) == (message["MessageId"], None)
    assert "MessageId" in json.loads(apis.visit(api, "/prod/topic?m=hi").body)["PublishResponse"]["PublishResult"]
    assert json.loads(apis.visit(api, "/prod/topic?m=").body)["Error"]["Code"] == "InvalidParameter"
    assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]["Body"] == "hi"


def test_a_role_that_api_gateway_cannot_take_is_an_error_of_configuration(apis):
    api, _ = apis.make(
        type="AWS",
        integrationHttpMethod="POST",
        uri="arn:aws:apigateway:us-east-1:sqs:action/ListQueues",
        credentials=apis.role("lambda.amazonaws.com"),
    )
    apis.deploy(api)
    assert apis.visit(api, "/prod/orders").status == 500


def test_requests_are_passed_to_an_endpoint_with_their_path_and_query(apis):
    inner, _ = apis.proxy(path="inner/{proxy+}", method="ANY")
    port = apis.endpoint.rpartition(":")[2]
    api = apis.client.create_rest_api(name="outer")["id"]
    resource = apis.client.create_resource(
        restApiId=api, parentId=apis.client.get_resources(restApiId=api)["items"][0]["id"], pathPart="{proxy+}"
    )["id"]
    of = {"restApiId": api, "resourceId": resource, "httpMethod": "ANY"}
    apis.client.put_method(**of, authorizationType="NONE", requestParameters={"method.request.path.proxy": True})
    apis.client.put_integration(
        **of,
        type="HTTP_PROXY",
        integrationHttpMethod="ANY",
        uri=f"http://127.0.0.1:{port}/_aws/execute-api/{inner}/prod/inner/{{proxy}}",
        requestParameters={"integration.request.path.proxy": "method.request.path.proxy"},
    )
    apis.deploy(api)
    event = apis.visit(api, "/prod/a/b?x=1", "PUT", b"body", {"Content-Type": "text/plain", "X-A": "1"}).json
    assert (event["path"], event["httpMethod"], event["body"]) == ("/inner/a/b", "PUT", "body")
    assert event["queryStringParameters"] == {"x": "1"}
    assert event["headers"]["X-A"] == "1"


def test_bodies_and_parameters_are_held_against_what_the_method_declares(apis):
    api, resource = apis.make(method="POST")
    schema = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string", "pattern": "^([a-z0-9]+)+$"}},
    }
    apis.client.create_model(restApiId=api, name="Order", contentType="application/json", schema=json.dumps(schema))
    validator = apis.client.create_request_validator(
        restApiId=api, name="v", validateRequestBody=True, validateRequestParameters=True
    )["id"]
    patch = [
        {"op": "replace", "path": "/requestValidatorId", "value": validator},
        {"op": "add", "path": "/requestModels/application~1json", "value": "Order"},
        {"op": "add", "path": "/requestParameters/method.request.querystring.who", "value": "true"},
    ]
    apis.client.update_method(restApiId=api, resourceId=resource, httpMethod="POST", patchOperations=patch)
    apis.deploy(api)
    bad = apis.visit(api, "/prod/orders?who=me", "POST", '{"x": 1}', JSON)
    assert (bad.status, bad.message) == (400, "Invalid request body")
    unfit = apis.visit(api, "/prod/orders?who=me", "POST", json.dumps({"id": f"{'a' * 60}!"}), JSON)
    assert unfit.status == 400
    missing = apis.visit(api, "/prod/orders", "POST", '{"id": "7"}', JSON)
    assert (missing.status, missing.message) == (400, "Missing required request parameters: [who]")
    assert apis.visit(api, "/prod/orders?who=me", "POST", '{"id": "7"}', JSON).status == 200


def test_bodies_without_a_template_may_be_refused(apis):
    api, _ = apis.make(method="POST", type="MOCK", requestTemplates=MOCK, passthroughBehavior="NEVER")
    apis.deploy(api)
    answer = apis.visit(api, "/prod/orders", "POST", "x", {"Content-Type": "text/plain"})
    assert (answer.status, answer.message) == (415, "Unsupported Media Type")


def test_a_stage_keeps_answers_until_they_are_too_old_or_flushed(apis, clock):
    source = 'def handler(event, context):\n    return {"statusCode": 200, "body": context.aws_request_id}\n'
    api, _ = apis.proxy(source)
    patch = [
        {"op": "replace", "path": "/cacheClusterEnabled", "value": "true"},
        {"op": "replace", "path": "/*/*/caching/enabled", "value": "true"},
        {"op": "replace", "path": "/*/*/caching/ttlInSeconds", "value": "60"},
    ]
    stage = apis.client.update_stage(restApiId=api, stageName="prod", patchOperations=patch)
    assert stage["cacheClusterStatus"] == "AVAILABLE"

    def call():
        return apis.visit(api, "/prod/orders").body

    first = call()
    assert call() == first
    clock.advance(seconds=61)
    second = call()
    assert second != first
    apis.client.flush_stage_cache(restApiId=api, stageName="prod")
    assert call() != second
