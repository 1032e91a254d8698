"""What the tests of API Gateway have in common: APIs with something behind them, and who visits them."""

import http.client
import json
from urllib.parse import urlsplit

from tests.services.lambda_.functions import Functions

EVENT = """
import json
def handler(event, context):
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(event)}
"""
MOCK = {"application/json": '{"statusCode": 200}'}


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def message(self):
        return self.json["message"]


class Apis:
    """Makes APIs and asks them."""

    def __init__(self, aws, endpoint):
        self.aws = aws
        self.endpoint = endpoint
        self.client = aws("apigateway")
        self.functions = Functions(aws)

    def visit(self, api, path="/", method="GET", body=None, headers=None, host=None):
        place = urlsplit(self.endpoint)
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
        try:
            name = host or f"{api}.execute-api.us-east-1.localhost:{place.port}"
            connection.request(method, path, body, {"Host": name, **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def make(self, path="orders", method="GET", **integration):
        """A REST API with one method; (api, resource). Without an integration it is a mock that answers 200."""
        client = self.client
        api = client.create_rest_api(name="shop")["id"]
        resource = self.add(api, path, method, **integration)
        return api, resource

    def add(self, api, path="orders", method="GET", response=None, **integration):
        """`response` are the options of the integration's response 200."""
        client = self.client
        found = {each["path"]: each["id"] for each in client.get_resources(restApiId=api)["items"]}
        resource, at = found["/"], ""
        for part in [part for part in path.split("/") if part]:
            at += f"/{part}"
            if at not in found:
                found[at] = client.create_resource(restApiId=api, parentId=resource, pathPart=part)["id"]
            resource = found[at]
        of = {"restApiId": api, "resourceId": resource, "httpMethod": method}
        options = {name: integration.pop(name) for name in list(integration) if name in _OF_METHODS}
        client.put_method(**of, **{"authorizationType": "NONE", **options})
        given = integration or {"type": "MOCK", "requestTemplates": MOCK}
        client.put_integration(**of, **given)
        if given["type"] in ("MOCK", "AWS", "HTTP"):
            headers = dict.fromkeys((response or {}).get("responseParameters", {}), False)
            client.put_method_response(**of, statusCode="200", responseParameters=headers)
            client.put_integration_response(**of, statusCode="200", **(response or {}))
        return resource

    def deploy(self, api, stage="prod", **options):
        return self.client.create_deployment(restApiId=api, stageName=stage, **options)["id"]

    def function(self, source=EVENT, name="f", permitted=True):
        """A function that API Gateway may invoke; the URI of its integration."""
        self.functions.make(source, name)
        if permitted:
            self.aws("lambda").add_permission(
                FunctionName=name,
                StatementId="api",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
            )
        arn = self.aws("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
        return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"

    def proxy(self, source=EVENT, path="orders", method="GET", **options):
        """A REST API with a function behind it, deployed."""
        uri = self.function(source)
        api, resource = self.make(path, method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri, **options)
        self.deploy(api)
        return api, resource

    def role(self, service="apigateway.amazonaws.com", name="gateway"):
        """A role for API Gateway that may do everything."""
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        iam = self.aws("iam")
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy)
        return arn


_OF_METHODS = frozenset(
    {
        "apiKeyRequired",
        "authorizationType",
        "authorizerId",
        "operationName",
        "requestModels",
        "requestValidatorId",
    }
)


def code(error):
    return error.value.response["Error"]["Code"]


def message(error):
    return error.value.response["Error"]["Message"]
