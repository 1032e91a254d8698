"""What is kept about REST APIs: defaults, patches and their refusals, what depends on what, domain names, documentation, keys."""

import pytest
from botocore.exceptions import ClientError

from tests.services.apigateway.apis import code, message


def refused(call, **options):
    with pytest.raises(ClientError) as error:
        call(**options)
    return code(error), message(error)


def test_a_new_api_has_a_root_two_models_and_its_defaults(apis):
    client = apis.client
    api = client.create_rest_api(name="shop", tags={"a": "b"})
    assert (api["apiKeySource"], api["endpointConfiguration"]["types"]) == ("HEADER", ["EDGE"])
    assert (api["disableExecuteApiEndpoint"], api["tags"]) == (False, {"a": "b"})
    assert client.get_resources(restApiId=api["id"])["items"] == [{"id": api["rootResourceId"], "path": "/"}]
    assert {each["name"] for each in client.get_models(restApiId=api["id"])["items"]} == {"Empty", "Error"}
    client.delete_rest_api(restApiId=api["id"])
    account = apis.aws("sts").get_caller_identity()["Account"]
    assert refused(client.get_rest_api, restApiId=api["id"]) == (
        "NotFoundException",
        f"Invalid API identifier specified {account}:{api['id']}",
    )


def test_resources_have_one_variable_and_one_name_each(apis):
    client = apis.client
    api = client.create_rest_api(name="shop")
    of = {"restApiId": api["id"], "parentId": api["rootResourceId"]}
    client.create_resource(**of, pathPart="orders")
    assert refused(client.create_resource, **of, pathPart="orders") == (
        "ConflictException",
        "Another resource with the same parent already has this name: orders",
    )
    client.create_resource(**of, pathPart="{id}")
    assert "already has a variable path part" in refused(client.create_resource, **of, pathPart="{other}")[1]
    assert refused(client.create_resource, **of, pathPart="a b")[0] == "BadRequestException"


def test_paths_that_cannot_be_patched_are_refused_with_those_that_can(apis):
    api = apis.client.create_rest_api(name="shop")["id"]
    patch = [{"op": "replace", "path": "/nothing", "value": "x"}]
    kind, text = refused(apis.client.update_rest_api, restApiId=api, patchOperations=patch)
    assert kind == "BadRequestException"
    assert text.startswith("Invalid patch path '/nothing' specified for op 'replace'. Must be one of: [")
    patches = [
        {"op": "replace", "path": "/name", "value": "store"},
        {"op": "add", "path": "/binaryMediaTypes/image~1png"},
        {"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": "REGIONAL"},
        {"op": "replace", "path": "/minimumCompressionSize", "value": "1000"},
    ]
    changed = apis.client.update_rest_api(restApiId=api, patchOperations=patches)
    assert (changed["name"], changed["binaryMediaTypes"], changed["minimumCompressionSize"]) == (
        "store",
        ["image/png"],
        1000,
    )
    assert changed["endpointConfiguration"]["types"] == ["REGIONAL"]


def test_an_empty_policy_takes_the_policy_away(apis):
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}]}'
    api = apis.client.create_rest_api(name="shop", policy=policy)["id"]
    patch = [{"op": "replace", "path": "/policy", "value": ""}]
    assert "policy" not in apis.client.update_rest_api(restApiId=api, patchOperations=patch)


def test_plans_are_given_product_codes(apis):
    plan = apis.client.create_usage_plan(name="p")["id"]
    patch = [{"op": "add", "path": "/productCode", "value": "one"}]
    assert apis.client.update_usage_plan(usagePlanId=plan, patchOperations=patch)["productCode"] == "one"


def test_limits_of_a_method_may_have_slashes_in_their_path(apis):
    client = apis.client
    stage = {"apiId": client.create_rest_api(name="shop")["id"], "stage": "prod"}
    resource = client.get_resources(restApiId=stage["apiId"])["items"][0]["id"]
    at = {"restApiId": stage["apiId"], "resourceId": resource, "httpMethod": "GET"}
    client.put_method(**at, authorizationType="NONE")
    client.put_integration(**at, type="MOCK")
    client.create_deployment(restApiId=stage["apiId"], stageName="prod")
    plan = client.create_usage_plan(name="p", apiStages=[stage])["id"]
    path = f"/apiStages/{stage['apiId']}:prod/throttle//items/one/GET/rateLimit"
    patch = [{"op": "replace", "path": path, "value": "4"}]
    changed = client.update_usage_plan(usagePlanId=plan, patchOperations=patch)
    assert changed["apiStages"][0]["throttle"] == {"/items/one/GET": {"burstLimit": 0, "rateLimit": 4.0}}


def test_nothing_is_deployed_without_methods_and_integrations(apis):
    client = apis.client
    api = client.create_rest_api(name="shop")
    assert refused(client.create_deployment, restApiId=api["id"]) == (
        "BadRequestException",
        "The REST API doesn't contain any methods",
    )
    client.put_method(restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET", authorizationType="NONE")
    assert refused(client.create_deployment, restApiId=api["id"])[1] == "No integration defined for method"


def test_a_deployment_that_a_stage_shows_stays(apis):
    api, _ = apis.make()
    deployment = apis.deploy(api)
    assert refused(apis.client.delete_deployment, restApiId=api, deploymentId=deployment) == (
        "BadRequestException",
        "Active stages pointing to this deployment must be moved or deleted",
    )
    apis.client.delete_stage(restApiId=api, stageName="prod")
    apis.client.delete_deployment(restApiId=api, deploymentId=deployment)


def test_settings_of_a_method_are_patched_and_taken_away(apis):
    api, _ = apis.make()
    apis.deploy(api)
    patch = [{"op": "replace", "path": "/~1orders/GET/throttling/rateLimit", "value": "0.001"}]
    patch += [{"op": "replace", "path": "/~1orders/GET/throttling/burstLimit", "value": "1"}]
    stage = apis.client.update_stage(restApiId=api, stageName="prod", patchOperations=patch)
    assert stage["methodSettings"]["~1orders/GET"]["throttlingBurstLimit"] == 1
    assert [apis.visit(api, "/prod/orders").status for _ in range(2)] == [200, 429]
    patch = [{"op": "remove", "path": "/~1orders/GET"}]
    stage = apis.client.update_stage(restApiId=api, stageName="prod", patchOperations=patch)
    assert stage["methodSettings"] == {}


def test_models_that_methods_name_stay(apis):
    api, resource = apis.make(method="POST", requestModels={"application/json": "Empty"})
    kind, text = refused(apis.client.delete_model, restApiId=api, modelName="Empty")
    assert (kind, text) == (
        "ConflictException",
        "Cannot delete model 'Empty', is referenced in method request: /orders/POST",
    )
    apis.client.delete_method(restApiId=api, resourceId=resource, httpMethod="POST")
    apis.client.delete_model(restApiId=api, modelName="Empty")


def test_keys_are_listed_by_name_and_imported_from_a_table(apis):
    client = apis.client
    plan = client.create_usage_plan(name="p")["id"]
    table = f"name,key,enabled,usageplanIds\none,{'a' * 20},true,{plan}\ntwo,short,true,\n"
    answer = client.import_api_keys(body=table.encode(), format="csv")
    assert (len(answer["ids"]), len(answer["warnings"])) == (1, 1)
    listed = client.get_api_keys(nameQuery="on", includeValues=True)["items"]
    assert [(key["name"], key["value"]) for key in listed] == [("one", "a" * 20)]
    assert client.get_usage_plan_keys(usagePlanId=plan)["items"][0]["id"] == answer["ids"][0]
    assert refused(client.create_api_key, value="a" * 20)[0] == "ConflictException"


def test_a_method_can_be_tried_without_a_stage(apis):
    uri = apis.function()
    api, resource = apis.make("orders/{id}", type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    tried = apis.client.test_invoke_method(
        restApiId=api, resourceId=resource, httpMethod="GET", pathWithQueryString="/orders/7?x=1", headers={"X-A": "b"}
    )
    assert tried["status"] == 200
    assert '"id": "7"' in tried["body"]
    assert "Method completed with status: 200" in tried["log"]


def test_domains_have_base_paths(apis):
    client = apis.client
    api, _ = apis.make()
    apis.deploy(api)
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    made = client.create_domain_name(
        domainName="shop.example.com", regionalCertificateArn=certificate, endpointConfiguration={"types": ["REGIONAL"]}
    )
    client.create_base_path_mapping(domainName="shop.example.com", basePath="v1", restApiId=api, stage="prod")
    assert apis.visit(None, "/v1/orders", host=made["regionalDomainName"]).status == 200
    assert apis.visit(None, "/v2/orders", host=made["regionalDomainName"]).status == 403
    assert refused(client.delete_rest_api, restApiId=api)[0] == "BadRequestException"
    client.delete_base_path_mapping(domainName="shop.example.com", basePath="v1")
    client.delete_rest_api(restApiId=api)


def test_documentation_has_parts_and_versions(apis):
    client = apis.client
    api = client.create_rest_api(name="shop")["id"]
    part = client.create_documentation_part(
        restApiId=api, location={"type": "RESOURCE", "path": "/orders"}, properties='{"description": "d"}'
    )
    assert client.get_documentation_parts(restApiId=api, type="RESOURCE")["items"][0]["id"] == part["id"]
    version = client.create_documentation_version(restApiId=api, documentationVersion="1")
    assert version["version"] == "1"
    with pytest.raises(ClientError) as error:
        client.create_documentation_version(restApiId=api, documentationVersion="1")
    assert code(error) == "ConflictException"


def test_accesses_are_logged_in_the_format_of_the_stage(apis):
    logs = apis.aws("logs")
    logs.create_log_group(logGroupName="accesses")
    arn = logs.describe_log_groups()["logGroups"][0]["arn"]
    api, _ = apis.make()
    apis.deploy(api)
    patch = [
        {"op": "replace", "path": "/accessLogSettings/destinationArn", "value": arn},
        {
            "op": "replace",
            "path": "/accessLogSettings/format",
            "value": "$context.requestId $context.status $context.resourcePath",
        },
        {"op": "replace", "path": "/*/*/logging/loglevel", "value": "INFO"},
    ]
    apis.client.update_stage(restApiId=api, stageName="prod", patchOperations=patch)
    answer = apis.visit(api, "/prod/orders")
    lines = [event["message"] for event in logs.filter_log_events(logGroupName="accesses")["events"]]
    assert lines == [f"{answer.headers['x-amzn-RequestId']} 200 /orders"]
    told = logs.filter_log_events(logGroupName=f"API-Gateway-Execution-Logs_{api}/prod")["events"]
    assert any("Method completed with status: 200" in event["message"] for event in told)


def test_listings_go_on_at_positions_and_refuse_others(apis):
    client = apis.client
    made = {client.create_rest_api(name=f"a{each}")["id"] for each in range(3)}
    first = client.get_rest_apis(limit=2)
    second = client.get_rest_apis(limit=2, position=first["position"])
    assert {each["id"] for each in first["items"] + second["items"]} == made
    assert "position" not in second
    assert refused(client.get_rest_apis, position="nonsense")[0] == "BadRequestException"
