"""HTTP APIs: what is made, where they answer, events, routes, CORS, mappings, rates."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.services.apigateway.apis import code


def test_quick_create_makes_an_api_that_answers_everything(apis):
    made = apis.v2.create_api(Name="quick", ProtocolType="HTTP", Target=apis.arn())
    api = made["ApiId"]
    assert made["ApiEndpoint"].startswith(f"http://{api}.execute-api.us-east-1.localhost:")
    assert apis.v2.get_routes(ApiId=api)["Items"][0]["RouteKey"] == "$default"
    stage = apis.v2.get_stages(ApiId=api)["Items"][0]
    assert (stage["StageName"], stage["AutoDeploy"], stage["ApiGatewayManaged"]) == ("$default", True, True)
    event = apis.visit(api, "/any/thing?a=1&a=2", "POST", b"hello", {"Cookie": "x=1; y=2", "X-A": "b"}).json
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "$default", "/any/thing")
    assert event["queryStringParameters"] == {"a": "1,2"}
    assert event["cookies"] == ["x=1", "y=2"]
    assert event["headers"]["x-a"] == "b"
    assert (event["body"], event["isBase64Encoded"]) == ("hello", False)
    assert event["requestContext"]["http"]["method"] == "POST"


def test_a_named_stage_is_part_of_the_path_in_events(apis):
    api = apis.http("GET /pets/{id}", stage="dev")
    event = apis.visit(api, "/dev/pets/7").json
    assert event["rawPath"] == "/dev/pets/7"
    assert event["pathParameters"] == {"id": "7"}
    assert event["requestContext"]["stage"] == "dev"
    assert apis.visit(api, "/pets/7").status == 404


def test_permissions_name_the_path_of_a_route_as_it_is_written(apis, aws):
    api, functions = apis.http("GET /pets/{id}"), aws("lambda")
    functions.remove_permission(FunctionName="f", StatementId="api")
    functions.add_permission(
        FunctionName="f",
        StatementId="one",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:{aws.account}:{api}/*/*/pets/{{id}}",
    )
    assert apis.visit(api, "/pets/7").status == 200


def test_events_of_format_1_are_like_those_of_rest_apis(apis):
    api = apis.http("ANY /pets/{proxy+}", version="1.0")
    event = apis.visit(api, "/pets/a/b?x=1&x=2").json
    assert (event["version"], event["resource"], event["path"]) == ("1.0", "/pets/{proxy+}", "/pets/a/b")
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
    assert event["requestContext"]["resourceId"] == "ANY /pets/{proxy+}"


def test_the_most_specific_route_answers(apis):
    keys = ["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"]
    api = apis.http(*keys)
    paths = ["/pets/dog/1", "/pets/dog/2", "/pets/cat/1", "/test/5"]
    assert [apis.visit(api, path).json["routeKey"] for path in paths] == keys[:4]
    assert apis.visit(api, "/", "POST").json["routeKey"] == "$default"


def test_answers_without_a_status_are_bodies_and_cookies_are_set(apis):
    source = """
def handler(event, context):
    if event["rawPath"] == "/plain":
        return {"message": "hi"}
    return {"statusCode": 201, "cookies": ["a=1", "b=2"], "body": "ok"}
"""
    api = apis.http("$default", source=source)
    plain = apis.visit(api, "/plain")
    assert (plain.status, plain.json, plain.headers["content-type"]) == (200, {"message": "hi"}, "application/json")
    made = apis.visit(api, "/made")
    assert (made.status, made.headers.get_all("set-cookie")) == (201, ["a=1", "b=2"])


def test_what_is_not_there_is_not_found_and_a_failing_function_an_internal_error(apis):
    api = apis.http("GET /a", source="def handler(event, context):\n    1 / 0\n")
    missing = apis.visit(api, "/b")
    assert (missing.status, missing.message) == (404, "Not Found")
    failed = apis.visit(api, "/a")
    assert (failed.status, failed.message) == (500, "Internal Server Error")
    assert failed.headers["apigw-requestid"]


def test_changes_need_a_deployment_where_stages_do_not_deploy_by_themselves(apis):
    api = apis.http("GET /a", stage="auto")
    deployment = apis.v2.create_deployment(ApiId=api)["DeploymentId"]
    apis.v2.create_stage(ApiId=api, StageName="manual", DeploymentId=deployment)
    apis.v2.create_route(ApiId=api, RouteKey="GET /b", Target=apis.v2.get_routes(ApiId=api)["Items"][0]["Target"])
    assert (apis.visit(api, "/auto/b").status, apis.visit(api, "/manual/b").status) == (200, 404)


def test_preflights_are_answered_by_the_configuration(apis):
    cors = {"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"], "AllowHeaders": ["X-A"], "MaxAge": 5}
    api = apis.http("GET /a", CorsConfiguration=cors)
    asks = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    answer = apis.visit(api, "/a", "OPTIONS", headers=asks)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    assert answer.headers["access-control-allow-methods"] == "GET"
    assert answer.headers["access-control-max-age"] == "5"
    assert "access-control-allow-origin" in apis.visit(api, "/a", headers={"Origin": "https://a.example"}).headers
    assert "access-control-allow-origin" not in apis.visit(api, "/a", headers={"Origin": "https://b.example"}).headers


def test_a_route_key_has_a_form_and_is_there_once(apis):
    api = apis.http("GET /a")
    with pytest.raises(ClientError) as error:
        apis.v2.create_route(ApiId=api, RouteKey="/a")
    assert code(error) == "BadRequestException"
    with pytest.raises(ClientError) as error:
        apis.v2.create_route(ApiId=api, RouteKey="GET /a")
    assert code(error) == "ConflictException"


def test_a_route_may_be_called_so_often_and_no_more(apis, clock):
    api = apis.http("GET /a", "GET /b")
    apis.v2.update_stage(
        ApiId=api,
        StageName="$default",
        RouteSettings={"GET /a": {"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 0.001}},
    )
    assert [apis.visit(api, "/a").status for _ in range(2)] == [200, 429]
    assert apis.visit(api, "/b").status == 200
    clock.advance(seconds=1001)
    assert apis.visit(api, "/a").status == 200


def test_messages_are_sent_to_queues_without_a_function(apis):
    sqs = apis.aws("sqs")
    queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
    api = apis.v2.create_api(Name="direct", ProtocolType="HTTP")["ApiId"]
    apis.v2.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    target = apis.integrate(
        api,
        IntegrationSubtype="SQS-SendMessage",
        PayloadFormatVersion="1.0",
        CredentialsArn=apis.role(),
        RequestParameters={"QueueUrl": queue, "MessageBody": "$request.body.order"},
        ResponseParameters={"200": {"overwrite:statuscode": "202", "append:header.x-sent": "$response.body.MessageId"}},
    )
    apis.v2.create_route(ApiId=api, RouteKey="POST /orders", Target=target)
    answer = apis.visit(api, "/orders", "POST", json.dumps({"order": "7"}))
    assert (answer.status, answer.headers["x-sent"]) == (202, answer.json["MessageId"])
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "7"


def test_proxied_requests_are_changed_by_mappings(apis):
    inner = apis.http("$default")
    api = apis.v2.create_api(Name="outer", ProtocolType="HTTP")["ApiId"]
    apis.v2.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    port = apis.endpoint.rpartition(":")[2]
    target = apis.integrate(
        api,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="ANY",
        IntegrationUri=f"http://127.0.0.1:{port}/_aws/execute-api/{inner}/$default/{{proxy}}",
        PayloadFormatVersion="1.0",
        RequestParameters={
            "append:header.x-who": "$context.identity.sourceIp",
            "overwrite:querystring.q": "${request.querystring.q}!",
            "remove:header.x-secret": "''",
        },
    )
    apis.v2.create_route(ApiId=api, RouteKey="ANY /{proxy+}", Target=target)
    event = apis.visit(api, "/a/b?q=1", "PUT", b"body", {"X-Secret": "s", "Content-Type": "text/plain"}).json
    assert (event["rawPath"], event["body"], event["requestContext"]["http"]["method"]) == ("/a/b", "body", "PUT")
    assert event["headers"]["x-who"] == "127.0.0.1"
    assert "x-secret" not in event["headers"]
    assert event["queryStringParameters"] == {"q": "1!"}
