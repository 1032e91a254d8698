"""User pools as others see them: authorizers of APIs, templates, other accounts and principals."""

import json
import urllib.error
import urllib.request

TEMPLATE = {
    "Resources": {
        "Pool": {
            "Type": "AWS::Cognito::UserPool",
            "Properties": {
                "AutoVerifiedAttributes": ["email"],
                "Schema": [{"Name": "team", "AttributeDataType": "String", "Mutable": "true"}],
                "Policies": {"PasswordPolicy": {"MinimumLength": 10}},
            },
        },
        "Client": {
            "Type": "AWS::Cognito::UserPoolClient",
            "Properties": {"UserPoolId": {"Ref": "Pool"}, "GenerateSecret": True, "ClientName": "web"},
        },
        "Admins": {
            "Type": "AWS::Cognito::UserPoolGroup",
            "Properties": {"UserPoolId": {"Ref": "Pool"}, "GroupName": "admins", "Precedence": 1},
        },
    },
    "Outputs": {
        "Pool": {"Value": {"Ref": "Pool"}},
        "Client": {"Value": {"Ref": "Client"}},
        "Url": {"Value": {"Fn::GetAtt": ["Pool", "ProviderURL"]}},
    },
}


def test_a_template_makes_changes_and_deletes_a_pool(aws, idp, refused):
    stacks = aws("cloudformation")

    def outputs():
        stack = stacks.describe_stacks(StackName="auth")["Stacks"][0]
        assert stack["StackStatus"].endswith("_COMPLETE") and "ROLLBACK" not in stack["StackStatus"], stack
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    quick = {"Delay": 0.1, "MaxAttempts": 100}
    stacks.create_stack(StackName="auth", TemplateBody=json.dumps(TEMPLATE))
    stacks.get_waiter("stack_create_complete").wait(StackName="auth", WaiterConfig=quick)
    made = outputs()
    assert made["Url"] == f"https://cognito-idp.us-east-1.amazonaws.com/{made['Pool']}"
    given = {"UserPoolId": made["Pool"], "ClientId": made["Client"]}
    assert idp.describe_user_pool_client(**given)["UserPoolClient"]["ClientSecret"]
    assert idp.get_group(UserPoolId=made["Pool"], GroupName="admins")["Group"]["Precedence"] == 1

    changed = json.loads(json.dumps(TEMPLATE))
    changed["Resources"]["Pool"]["Properties"]["Policies"]["PasswordPolicy"]["MinimumLength"] = 14
    stacks.update_stack(StackName="auth", TemplateBody=json.dumps(changed))
    stacks.get_waiter("stack_update_complete").wait(StackName="auth", WaiterConfig=quick)
    assert outputs()["Pool"] == made["Pool"]
    pool = idp.describe_user_pool(UserPoolId=made["Pool"])["UserPool"]
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 14

    stacks.delete_stack(StackName="auth")
    stacks.get_waiter("stack_delete_complete").wait(StackName="auth", WaiterConfig=quick)
    with refused("ResourceNotFoundException"):
        idp.describe_user_pool(UserPoolId=made["Pool"])


def get(url, token=None):
    headers = {"Authorization": token} if token else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_a_rest_api_lets_in_who_has_a_token_of_the_pool(aws, idp, pool, app, jane, sign_in, clock):
    apis = aws("apigateway")
    api = apis.create_rest_api(name="orders")["id"]
    root = apis.get_resources(restApiId=api)["items"][0]["id"]
    arn = idp.describe_user_pool(UserPoolId=pool)["UserPool"]["Arn"]
    authorizer = apis.create_authorizer(
        restApiId=api,
        name="pool",
        type="COGNITO_USER_POOLS",
        providerARNs=[arn],
        identitySource="method.request.header.Authorization",
    )["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    apis.put_method(**method, authorizationType="COGNITO_USER_POOLS", authorizerId=authorizer)
    apis.put_integration(**method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    apis.put_method_response(**method, statusCode="200")
    apis.put_integration_response(**method, statusCode="200")
    apis.create_deployment(restApiId=api, stageName="prod")
    url = f"{aws.endpoint}/_aws/execute-api/{api}/prod/"
    result = sign_in(app)["AuthenticationResult"]
    assert get(url, result["IdToken"]) == 200
    assert get(url) == 401
    assert get(url, result["IdToken"][:-8] + "AAAAAAAA") == 401
    assert get(url, result["AccessToken"]) == 401
    clock.advance(hours=2)
    assert get(url, result["IdToken"]) == 401


def test_a_pool_is_not_seen_from_another_region_or_account(aws, pool, refused):
    for other in (aws("cognito-idp", region="eu-west-1"), aws("cognito-idp", account="210987654321")):
        with refused("ResourceNotFoundException", f"User pool {pool} does not exist."):
            other.describe_user_pool(UserPoolId=pool)


def test_what_is_not_there_is_not_pretended(make_pool, refused):
    function = {"LambdaVersion": "V1_0", "LambdaArn": "arn:aws:lambda:us-east-1:111122223333:function:sender"}
    with refused("NotImplemented"):
        make_pool(LambdaConfig={"CustomEmailSender": function})
