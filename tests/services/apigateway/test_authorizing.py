"""Who may call: API keys and plans, IAM, resource policies, authorizers."""

import json

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from tests.services.apigateway.apis import Apis

ALLOWS = """
def handler(event, context):
    token = event.get("authorizationToken") or event["headers"]["X-Token"]
    if token == "none":
        raise Exception("Unauthorized")
    effect = "Allow" if token.startswith("good") else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "u", "policyDocument": policy, "context": {"tenant": "t1", "n": 1, "call": context.aws_request_id}}
"""


def with_authorizer(apis: Apis, **options):
    api, resource = apis.proxy()
    authorizer = apis.client.create_authorizer(
        restApiId=api, name="a", authorizerUri=apis.function(ALLOWS, "authorizer"), **options
    )["id"]
    patch = [
        {"op": "replace", "path": "/authorizationType", "value": "CUSTOM"},
        {"op": "replace", "path": "/authorizerId", "value": authorizer},
    ]
    apis.client.update_method(restApiId=api, resourceId=resource, httpMethod="GET", patchOperations=patch)
    apis.deploy(api)
    return api, authorizer


def test_a_function_decides_by_the_token_and_tells_the_function_behind(apis):
    api, authorizer = with_authorizer(
        apis, type="TOKEN", identitySource="method.request.header.Authorization", authorizerResultTtlInSeconds=0
    )
    event = apis.visit(api, "/prod/orders", headers={"Authorization": "good"}).json
    told = event["requestContext"]["authorizer"]
    assert (told["principalId"], told["tenant"], told["n"]) == ("u", "t1", "1")
    denied = apis.visit(api, "/prod/orders", headers={"Authorization": "bad"})
    assert (denied.status, denied.message) == (
        403,
        "User is not authorized to access this resource with an explicit deny",
    )
    for headers in ({}, {"Authorization": "none"}):
        answer = apis.visit(api, "/prod/orders", headers=headers)
        assert (answer.status, answer.message) == (401, "Unauthorized")
    tested = apis.client.test_invoke_authorizer(
        restApiId=api, authorizerId=authorizer, headers={"Authorization": "good"}
    )
    assert (tested["clientStatus"], tested["principalId"]) == (200, "u")


def test_what_an_authorizer_said_is_remembered_for_a_while(apis, clock):
    api, _ = with_authorizer(
        apis, type="REQUEST", identitySource="method.request.header.X-Token", authorizerResultTtlInSeconds=60
    )

    def call():
        event = apis.visit(api, "/prod/orders", headers={"X-Token": "good"}).json
        return event["requestContext"]["authorizer"]["call"]

    first = call()
    assert call() == first
    apis.client.flush_stage_authorizers_cache(restApiId=api, stageName="prod")
    second = call()
    assert second != first
    clock.advance(seconds=61)
    assert call() != second
    assert apis.visit(api, "/prod/orders").status == 401


def keyed(apis, **plan):
    api, _ = apis.make(apiKeyRequired=True)
    apis.deploy(api)
    made = apis.client.create_usage_plan(name="p", apiStages=[{"apiId": api, "stage": "prod"}], **plan)
    key = apis.client.create_api_key(name="k", enabled=True)
    apis.client.create_usage_plan_key(usagePlanId=made["id"], keyId=key["id"], keyType="API_KEY")
    return api, made["id"], key


def test_a_quota_ends_with_its_period(apis, clock):
    api, plan, key = keyed(apis, quota={"limit": 2, "period": "DAY"})
    assert (apis.visit(api, "/prod/orders").status, apis.visit(api, "/prod/orders").message) == (403, "Forbidden")

    def call():
        return apis.visit(api, "/prod/orders", headers={"x-api-key": key["value"]})

    assert [call().status for _ in range(3)] == [200, 200, 429]
    over = call()
    assert (over.message, over.headers["x-amzn-ErrorType"]) == ("Limit Exceeded", "LimitExceededException")
    grant = [{"op": "replace", "path": "/remaining", "value": "1"}]
    apis.client.update_usage(usagePlanId=plan, keyId=key["id"], patchOperations=grant)
    assert [call().status for _ in range(2)] == [200, 429]
    clock.advance(days=1)
    assert call().status == 200


def test_a_plan_limits_the_rate_of_a_key(apis, clock):
    api, _, key = keyed(apis, throttle={"burstLimit": 1, "rateLimit": 0.001})

    def call():
        return apis.visit(api, "/prod/orders", headers={"x-api-key": key["value"]})

    assert call().status == 200
    throttled = call()
    assert (throttled.status, throttled.message) == (429, "Too Many Requests")
    clock.advance(seconds=1001)
    assert call().status == 200


def test_a_disabled_key_opens_nothing(apis):
    api, _, key = keyed(apis)
    off = [{"op": "replace", "path": "/enabled", "value": "false"}]
    apis.client.update_api_key(apiKey=key["id"], patchOperations=off)
    assert apis.visit(api, "/prod/orders", headers={"x-api-key": key["value"]}).status == 403


def signed(apis, api, credentials, path="/prod/orders"):
    host = f"{api}.execute-api.us-east-1.localhost:{apis.endpoint.rpartition(':')[2]}"
    request = botocore.awsrequest.AWSRequest("GET", f"http://{host}{path}", headers={"Host": host})
    botocore.auth.SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(request)
    return apis.visit(api, path, headers=dict(request.headers.items()))


def user(apis, *statements):
    iam = apis.aws("iam")
    iam.create_user(UserName="u")
    if statements:
        policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName="u")["AccessKey"]
    return botocore.credentials.Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def test_iam_decides_about_methods_that_ask_it(apis):
    api, _ = apis.proxy(authorizationType="AWS_IAM")
    assert apis.visit(api, "/prod/orders").message == "Missing Authentication Token"
    resource = f"arn:aws:execute-api:us-east-1:*:{api}/prod/GET/orders"
    caller = user(apis, {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource})
    answer = signed(apis, api, caller)
    assert answer.json["requestContext"]["identity"]["userArn"].endswith(":user/u")
    apis.aws("iam").delete_user_policy(UserName="u", PolicyName="p")
    refused = signed(apis, api, caller)
    assert refused.status == 403
    assert (
        "is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api" in refused.json["Message"]
    )


def test_a_resource_policy_decides_for_everybody(apis):
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"},
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": "execute-api:/*/GET/orders",
                "Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}},
            },
        ],
    }
    api, _ = apis.make()
    apis.add(api, "open")
    patch = [{"op": "replace", "path": "/policy", "value": json.dumps(policy)}]
    apis.client.update_rest_api(restApiId=api, patchOperations=patch)
    apis.deploy(api)
    assert apis.visit(api, "/prod/open").status == 200
    refused = apis.visit(api, "/prod/orders")
    assert refused.status == 403
    assert refused.json["Message"].startswith("User: anonymous is not authorized to perform: execute-api:Invoke")
