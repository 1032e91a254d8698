"""SAM's functions with APIs of both kinds before them."""

import time

from tests.services.lambda_.functions import RUNTIME

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Cors: "'*'"
      MethodSettings: [{ResourcePath: /*, HttpMethod: '*', MetricsEnabled: true}]
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: RUNTIME
      Handler: index.handler
      InlineCode: |
        import json
        def handler(event, context):
            return {"statusCode": 200, "body": json.dumps(event.get("version", "rest"))}
      Events:
        Get: {Type: Api, Properties: {RestApiId: !Ref Rest, Path: '/orders/{id}', Method: get}}
        Http: {Type: HttpApi, Properties: {Path: /orders, Method: get}}
Outputs:
  Rest: {Value: !Ref Rest}
  Http: {Value: !Ref ServerlessHttpApi}
"""


def test_events_of_functions_are_apis(apis, clock):
    client = apis.aws("cloudformation")
    capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    client.create_stack(StackName="s", TemplateBody=TEMPLATE.replace("RUNTIME", RUNTIME), Capabilities=capabilities)
    for _ in range(200):
        found = client.describe_stacks(StackName="s")["Stacks"][0]
        if not found["StackStatus"].endswith("IN_PROGRESS"):
            break
        clock.advance(seconds=1)
        time.sleep(0.01)
    assert found["StackStatus"] == "CREATE_COMPLETE"
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
    assert apis.visit(outputs["Rest"], "/prod/orders/7").json == "rest"
    assert apis.visit(outputs["Rest"], "/prod/orders/7", "OPTIONS").headers["Access-Control-Allow-Origin"] == "*"
    assert apis.visit(outputs["Http"], "/orders").json == "2.0"
