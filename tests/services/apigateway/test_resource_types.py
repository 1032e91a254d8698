"""REST APIs as CloudFormation makes them."""

import json

import pytest

from tests.services.cloud_client import Cloud

METHOD = "AWS::ApiGateway::Method"


@pytest.fixture
def stack(aws, clock):
    """Makes a stack, or updates it, and gives its outputs."""
    client = aws("cloudformation")

    def apply(template, verb="create"):
        getattr(client, f"{verb}_stack")(
            StackName="s", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
        )
        for _ in range(100):
            found = client.describe_stacks(StackName="s")["Stacks"][0]
            if not found["StackStatus"].endswith("IN_PROGRESS"):
                reasons = [
                    each.get("ResourceStatusReason")
                    for each in client.describe_stack_events(StackName="s")["StackEvents"]
                ]
                assert found["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), reasons
                return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
            clock.advance(seconds=1)
        raise AssertionError(found)

    return apply


def template(greeting="hello"):
    integration = {
        "Type": "MOCK",
        "RequestTemplates": {"application/json": '{"statusCode": 200}'},
        "IntegrationResponses": [{"StatusCode": 200, "ResponseTemplates": {"application/json": f'"{greeting}"'}}],
    }
    return {
        "Resources": {
            "Api": {
                "Type": "AWS::ApiGateway::RestApi",
                "Properties": {"Name": "shop", "Tags": [{"Key": "a", "Value": "b"}]},
            },
            "Orders": {
                "Type": "AWS::ApiGateway::Resource",
                "Properties": {
                    "RestApiId": {"Ref": "Api"},
                    "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
                    "PathPart": "orders",
                },
            },
            "Get": {
                "Type": METHOD,
                "Properties": {
                    "RestApiId": {"Ref": "Api"},
                    "ResourceId": {"Ref": "Orders"},
                    "HttpMethod": "GET",
                    "AuthorizationType": "NONE",
                    "ApiKeyRequired": True,
                    "Integration": integration,
                    "MethodResponses": [{"StatusCode": 200}],
                },
            },
            f"Deployment{greeting}": {
                "Type": "AWS::ApiGateway::Deployment",
                "DependsOn": "Get",
                "Properties": {"RestApiId": {"Ref": "Api"}},
            },
            "Stage": {
                "Type": "AWS::ApiGateway::Stage",
                "Properties": {
                    "RestApiId": {"Ref": "Api"},
                    "DeploymentId": {"Ref": f"Deployment{greeting}"},
                    "StageName": "prod",
                    "MethodSettings": [{"ResourcePath": "/*", "HttpMethod": "*", "MetricsEnabled": True}],
                },
            },
            "Key": {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Enabled": True, "Value": "k" * 24}},
            "Plan": {
                "Type": "AWS::ApiGateway::UsagePlan",
                "DependsOn": "Stage",
                "Properties": {"ApiStages": [{"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "Stage"}}]},
            },
            "PlanKey": {
                "Type": "AWS::ApiGateway::UsagePlanKey",
                "Properties": {"KeyId": {"Ref": "Key"}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": "Plan"}},
            },
        },
        "Outputs": {"Api": {"Value": {"Ref": "Api"}}, "Stage": {"Value": {"Ref": "Stage"}}},
    }


def test_a_stack_is_an_api_that_answers_and_changes(apis, stack):
    made = stack(template())
    api, key = made["Api"], {"x-api-key": "k" * 24}
    assert made["Stage"] == "prod"
    assert apis.visit(api, "/prod/orders", headers=key).json == "hello"
    settings = apis.client.get_stage(restApiId=api, stageName="prod")["methodSettings"]
    assert settings["*/*"]["metricsEnabled"] is True
    stack(template("goodbye"), "update")
    assert apis.visit(api, "/prod/orders", headers=key).json == "goodbye"
    apis.aws("cloudformation").delete_stack(StackName="s")


def test_an_api_may_be_the_body_of_its_resource(apis, stack):
    body = {
        "openapi": "3.0.1",
        "info": {"title": "pets", "version": "1"},
        "paths": {
            "/pets/{id}": {
                "get": {
                    "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                    "responses": {"200": {"description": "ok"}},
                    "x-amazon-apigateway-integration": {
                        "type": "mock",
                        "requestTemplates": {"application/json": '{"statusCode": 200}'},
                        "responses": {
                            "default": {
                                "statusCode": "200",
                                "responseTemplates": {"application/json": '{"id": "$input.params(\'id\')"}'},
                            }
                        },
                    },
                }
            }
        },
    }
    resources = {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}},
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "Properties": {"RestApiId": {"Ref": "Api"}, "StageName": "v1"},
        },
    }
    api = stack({"Resources": resources, "Outputs": {"Api": {"Value": {"Ref": "Api"}}}})["Api"]
    assert apis.visit(api, "/v1/pets/7").json == {"id": "7"}
    export = apis.client.get_export(
        restApiId=api, stageName="v1", exportType="oas30", parameters={"extensions": "apigateway"}
    )
    document = json.loads(export["body"].read())
    again = apis.client.import_rest_api(body=json.dumps(document).encode())["id"]
    apis.deploy(again, "v2")
    assert apis.visit(again, "/v2/pets/8").json == {"id": "8"}


def test_methods_are_read_back_as_they_were_made(aws, clock, apis):
    cloud = Cloud(aws("cloudcontrol"), clock)
    api = cloud.create("AWS::ApiGateway::RestApi", Name="shop")
    root = cloud.read("AWS::ApiGateway::RestApi", api)["RootResourceId"]
    given = {
        "RestApiId": api,
        "ResourceId": root,
        "HttpMethod": "GET",
        "AuthorizationType": "NONE",
        "Integration": {"Type": "MOCK", "RequestTemplates": {"application/json": "{}"}},
    }
    found = cloud.read(METHOD, cloud.create(METHOD, **given))
    assert {name: found[name] for name in given if name != "Integration"} == {
        name: value for name, value in given.items() if name != "Integration"
    }
    assert found["Integration"]["RequestTemplates"] == {"application/json": "{}"}
