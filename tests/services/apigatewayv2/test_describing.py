"""What is kept about HTTP APIs: domain names, tags, OpenAPI documents, templates."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.services.apigateway.apis import code
from tests.services.cloud_client import Cloud

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"


def test_a_domain_leads_to_apis_of_all_kinds_by_the_longest_path(apis):
    v2 = apis.v2
    api = apis.http("GET /a")
    rest, _ = apis.make()
    apis.deploy(rest)
    made = v2.create_domain_name(
        DomainName="api.example.com", DomainNameConfigurations=[{"CertificateArn": CERTIFICATE}]
    )
    host = made["DomainNameConfigurations"][0]["ApiGatewayDomainName"]
    v2.create_api_mapping(DomainName="api.example.com", ApiId=api, Stage="$default")
    v2.create_api_mapping(DomainName="api.example.com", ApiId=rest, Stage="prod", ApiMappingKey="shop/v1")
    assert apis.visit(None, "/a", host=host).status == 200
    assert apis.visit(None, "/shop/v1/orders", host=host).status == 200
    assert apis.visit(None, "/shop/orders", host=host).status == 404
    assert apis.client.get_domain_name(domainName="api.example.com")["regionalDomainName"] == host
    with pytest.raises(ClientError) as error:
        v2.delete_api(ApiId=api)
    assert code(error) == "BadRequestException"


def test_tags_are_set_and_taken_away(apis):
    api = apis.v2.create_api(Name="t", ProtocolType="HTTP", Tags={"a": "1"})["ApiId"]
    arn = f"arn:aws:apigateway:us-east-1::/apis/{api}"
    apis.v2.tag_resource(ResourceArn=arn, Tags={"b": "2"})
    apis.v2.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert apis.v2.get_tags(ResourceArn=arn)["Tags"] == {"b": "2"}
    assert apis.v2.get_api(ApiId=api)["Tags"] == {"b": "2"}


def test_an_openapi_document_is_an_api_and_back(apis):
    document = {
        "openapi": "3.0.1",
        "info": {"title": "pets", "version": "2"},
        "paths": {
            "/pets/{id}": {
                "get": {
                    "responses": {},
                    "x-amazon-apigateway-integration": {
                        "type": "aws_proxy",
                        "uri": apis.arn(),
                        "httpMethod": "POST",
                        "payloadFormatVersion": "2.0",
                    },
                }
            }
        },
        "x-amazon-apigateway-cors": {"allowOrigins": ["*"]},
    }
    made = apis.v2.import_api(Body=json.dumps(document))
    api = made["ApiId"]
    assert (made["Name"], made["CorsConfiguration"]) == ("pets", {"AllowOrigins": ["*"]})
    apis.v2.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    assert apis.visit(api, "/pets/7").json["pathParameters"] == {"id": "7"}
    exported = json.loads(apis.v2.export_api(ApiId=api, Specification="OAS30", OutputType="JSON")["body"].read())
    assert exported["paths"]["/pets/{id}"]["get"]["x-amazon-apigateway-integration"]["type"] == "aws_proxy"


def test_templates_make_apis_with_routes_and_stages(aws, clock, apis):
    cloud = Cloud(aws("cloudcontrol"), clock)
    api = cloud.create("AWS::ApiGatewayV2::Api", Name="shop", ProtocolType="HTTP", Tags={"a": "b"})
    integration = cloud.create(
        "AWS::ApiGatewayV2::Integration",
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=apis.arn(),
        PayloadFormatVersion="2.0",
    ).rpartition("|")[2]
    cloud.create("AWS::ApiGatewayV2::Route", ApiId=api, RouteKey="GET /a", Target=f"integrations/{integration}")
    cloud.create("AWS::ApiGatewayV2::Stage", ApiId=api, StageName="$default", AutoDeploy=True)
    assert apis.visit(api, "/a").status == 200
    cloud.update("AWS::ApiGatewayV2::Api", api, {"op": "replace", "path": "/Name", "value": "store"})
    found = cloud.read("AWS::ApiGatewayV2::Api", api)
    assert found["Name"] == "store"
    assert found["ExecuteApiArn"].endswith(f":{api}")
    cloud.delete("AWS::ApiGatewayV2::Api", api)
    with pytest.raises(ClientError) as error:
        apis.v2.get_api(ApiId=api)
    assert code(error) == "NotFoundException"
