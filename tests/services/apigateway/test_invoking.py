"""Requests to REST APIs: where they are answered, what functions get and what becomes of their answers."""

import pytest


def test_a_function_gets_the_request_as_an_event_and_its_answer_is_the_answer(apis):
    api, resource = apis.proxy(path="orders/{id}")
    answer = apis.visit(api, "/prod/orders/7%20a?x=1&x=2&y=", headers={"X-One": "1", "content-type": "text/plain"})
    assert answer.status == 200
    event = answer.json
    assert event["resource"] == "/orders/{id}"
    assert event["path"] == "/orders/7 a"
    assert event["pathParameters"] == {"id": "7 a"}
    assert event["queryStringParameters"] == {"x": "2", "y": ""}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "y": [""]}
    assert event["headers"]["X-One"] == "1"
    assert event["headers"]["content-type"] == "text/plain"
    assert event["body"] is None
    assert event["isBase64Encoded"] is False
    assert event["stageVariables"] is None
    context = event["requestContext"]
    assert context["path"] == "/prod/orders/7%20a"
    assert context["resourceId"] == resource
    assert (context["stage"], context["apiId"], context["protocol"]) == ("prod", api, "HTTP/1.1")
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert answer.headers["x-amzn-RequestId"] == context["requestId"]
    assert answer.headers["x-amz-apigw-id"] == context["extendedRequestId"]


@pytest.mark.parametrize(
    "path", ["/restapis/{}/prod/_user_request_/orders", "/_aws/execute-api/{}/prod/orders"], ids=["user-request", "aws"]
)
def test_an_api_answers_at_paths_of_the_endpoint_too(apis, path):
    api, _ = apis.make()
    apis.deploy(api)
    assert apis.visit(api, path.format(api), host="localhost").status == 200


def test_what_is_not_there_is_a_missing_token_and_an_unknown_stage_is_forbidden(apis):
    api, _ = apis.make()
    apis.deploy(api)
    missing = apis.visit(api, "/prod/nothing")
    assert (missing.status, missing.message) == (403, "Missing Authentication Token")
    assert missing.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
    unknown = apis.visit(api, "/test/orders")
    assert (unknown.status, unknown.message) == (403, "Forbidden")


def test_the_most_specific_resource_with_the_method_answers(apis):
    api, _ = apis.make("{proxy+}", "ANY", type="AWS_PROXY", integrationHttpMethod="POST", uri=apis.function())
    uri = apis.function(name="g")
    apis.add(api, "pets/{id}", type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    apis.add(api, "pets/mine", type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    apis.deploy(api)
    found = [
        apis.visit(api, f"/prod{path}", method).json["resource"]
        for path, method in (("/pets/mine", "GET"), ("/pets/7", "GET"), ("/pets/7", "POST"), ("/a/b", "GET"))
    ]
    assert found == ["/pets/mine", "/pets/{id}", "/{proxy+}", "/{proxy+}"]


def test_a_function_that_fails_or_answers_nonsense_is_a_bad_gateway(apis):
    api, _ = apis.proxy(
        "def handler(event, context):\n    return {'a': 1} if event['queryStringParameters'] else 1 / 0\n"
    )
    for path in ("/prod/orders", "/prod/orders?x=1"):
        answer = apis.visit(api, path)
        assert (answer.status, answer.message) == (502, "Internal server error")


def test_a_function_that_does_not_let_the_api_in_is_an_error_of_configuration(apis):
    uri = apis.function(permitted=False)
    api, _ = apis.make(type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    apis.deploy(api)
    answer = apis.visit(api, "/prod/orders")
    assert (answer.status, answer.message) == (500, "Internal server error")
    arn = f"arn:aws:execute-api:us-east-1:{apis.aws('sts').get_caller_identity()['Account']}:{api}/*/GET/orders"
    apis.aws("lambda").add_permission(
        FunctionName="f",
        StatementId="one",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=arn,
    )
    assert apis.visit(api, "/prod/orders").status == 200


def test_a_slow_function_times_out(apis):
    uri = apis.function("import time\ndef handler(event, context):\n    time.sleep(2)\n")
    api, _ = apis.make(type="AWS_PROXY", integrationHttpMethod="POST", uri=uri, timeoutInMillis=50)
    apis.deploy(api)
    answer = apis.visit(api, "/prod/orders")
    assert (answer.status, answer.message) == (504, "Endpoint request timed out")


def test_headers_of_answers_may_have_many_values_and_some_are_renamed(apis):
    source = """
def handler(event, context):
    return {"statusCode": 201, "body": "made", "headers": {"Content-Type": "text/plain", "Date": "now", "X-N": 1},
            "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}}
"""
    api, _ = apis.proxy(source)
    answer = apis.visit(api, "/prod/orders")
    assert (answer.status, answer.body) == (201, b"made")
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert (answer.headers["x-amzn-Remapped-Date"], answer.headers["X-N"]) == ("now", "1")


def test_binary_media_types_are_base64_for_functions_and_bytes_for_callers(apis):
    source = """
def handler(event, context):
    return {"statusCode": 200, "isBase64Encoded": True, "body": event["body"], "headers": {"Content-Type": "image/png"}}
"""
    uri = apis.function(source)
    api, _ = apis.make(method="POST", type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    patch = [{"op": "add", "path": "/binaryMediaTypes/image~1png"}]
    apis.client.update_rest_api(restApiId=api, patchOperations=patch)
    apis.deploy(api)
    picture = bytes(range(256))
    kinds = {"Content-Type": "image/png", "Accept": "image/png"}
    assert apis.visit(api, "/prod/orders", "POST", picture, kinds).body == picture


def test_a_deployment_is_a_snapshot_and_a_stage_shows_one(apis):
    api, _ = apis.make()
    first = apis.deploy(api)
    apis.add(api, "more")
    assert apis.visit(api, "/prod/more").status == 403
    apis.deploy(api)
    assert apis.visit(api, "/prod/more").status == 200
    back = [{"op": "replace", "path": "/deploymentId", "value": first}]
    apis.client.update_stage(restApiId=api, stageName="prod", patchOperations=back)
    assert apis.visit(api, "/prod/more").status == 403


def test_stage_variables_choose_the_function(apis):
    uri = apis.function().replace(":f/", ":${stageVariables.fn}/")
    api, _ = apis.make(type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    apis.deploy(api, variables={"fn": "f"})
    assert apis.visit(api, "/prod/orders").json["stageVariables"] == {"fn": "f"}


def test_a_canary_gets_its_share_and_can_be_promoted(apis):
    api, _ = apis.make()
    apis.deploy(api)
    apis.add(api, "new")
    canary = apis.deploy(api, canarySettings={"percentTraffic": 100, "stageVariableOverrides": {"a": "b"}})
    assert apis.visit(api, "/prod/new").status == 200
    promote = [
        {"op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId"},
        {"op": "copy", "from": "/canarySettings/stageVariableOverrides", "path": "/variables"},
        {"op": "remove", "path": "/canarySettings"},
    ]
    stage = apis.client.update_stage(restApiId=api, stageName="prod", patchOperations=promote)
    assert (stage["deploymentId"], stage["variables"]) == (canary, {"a": "b"})
    assert "canarySettings" not in stage


def test_gateway_responses_say_it_in_the_words_of_the_api(apis):
    api, _ = apis.make()
    apis.client.put_gateway_response(
        restApiId=api,
        responseType="MISSING_AUTHENTICATION_TOKEN",
        statusCode="404",
        responseParameters={"gatewayresponse.header.X-Where": "'nowhere'"},
        responseTemplates={"application/json": '{"error":$context.error.messageString,"id":"$context.requestId"}'},
    )
    apis.deploy(api)
    answer = apis.visit(api, "/prod/nothing")
    assert (answer.status, answer.headers["X-Where"]) == (404, "nowhere")
    assert answer.json == {"error": "Missing Authentication Token", "id": answer.headers["x-amzn-RequestId"]}


def test_a_disabled_endpoint_answers_nobody(apis):
    api, _ = apis.make()
    apis.deploy(api)
    patch = [{"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"}]
    apis.client.update_rest_api(restApiId=api, patchOperations=patch)
    assert apis.visit(api, "/prod/orders").status == 403
