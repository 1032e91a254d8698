"""Object Lambda Access Points: what is read through them, a function makes.

The function here is called by a service in the place of Lambda, in a thread, as Lambda calls those of users.
"""

import asyncio
import json
import urllib.request

import pytest

from fogbank.kernel import AWSError, Service
from tests.services.cloud_client import Cloud
from tests.services.s3control.conftest import statement

STRANGER = "111122223333"
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:transform"


@pytest.fixture
def functions(fogbank_server, monkeypatch):
    """Functions by their ARN; one that returns succeeds, one that raises does not."""
    known = {}
    stand_in = Service("lambda")

    async def invoke(ctx, request):
        if request["FunctionName"] not in known:
            raise AWSError("ResourceNotFoundException", "Function not found", 404)
        try:
            said = await asyncio.to_thread(known[request["FunctionName"]], json.loads(request["Payload"]))
        except Exception as error:
            failed = json.dumps({"errorMessage": str(error)}).encode()
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": failed}
        return {"StatusCode": 200, "Payload": json.dumps(said).encode()}

    options = {"action": "lambda:InvokeFunction", "resource": lambda ctx, request: request["FunctionName"]}
    stand_in.operation_from(invoke, "invoke", transaction=False, **options)
    monkeypatch.setitem(fogbank_server.app.services._loaded, "lambda", stand_in)
    return known


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


@pytest.fixture
def configuration(control, bucket):
    arn = control.create_access_point(Name="front", Bucket=bucket)["AccessPointArn"]
    return {
        "SupportingAccessPoint": arn,
        "TransformationConfigurations": [
            {
                "Actions": ["GetObject", "HeadObject", "ListObjectsV2"],
                "ContentTransformation": {"AwsLambda": {"FunctionArn": FUNCTION, "FunctionPayload": "p"}},
            }
        ],
    }


@pytest.fixture
def point(control, functions, configuration):
    return control.create_access_point_for_object_lambda(Name="loud", Configuration=configuration)


@pytest.fixture
def answering(client, functions):
    """Makes a function that answers with what `make` gives for an event."""

    def install(make):
        writer = client("s3")
        events = []

        def function(event):
            events.append(event)
            context = event["getObjectContext"]
            where = {"RequestRoute": context["outputRoute"], "RequestToken": context["outputToken"]}
            writer.write_get_object_response(**where, **make(event))
            return {"status_code": 200}

        functions[FUNCTION] = function
        return events

    return install


def upper(event):
    with urllib.request.urlopen(event["getObjectContext"]["inputS3Url"]) as found:
        return {"Body": found.read().upper(), "ContentType": "text/loud", "Metadata": {"who": "function"}}


# -- the resource


def test_it_is_read_as_it_was_made(control, point, configuration, aws, refused):
    assert point["ObjectLambdaAccessPointArn"] == f"arn:aws:s3-object-lambda:us-east-1:{aws.account}:accesspoint/loud"
    assert point["Alias"]["Value"].endswith("--ol-s3")
    found = control.get_access_point_for_object_lambda(Name="loud")
    assert (found["Name"], found["Alias"]) == ("loud", point["Alias"])
    assert control.get_access_point_configuration_for_object_lambda(Name="loud")["Configuration"] == configuration
    listed = control.list_access_points_for_object_lambda()["ObjectLambdaAccessPointList"]
    assert [each["Name"] for each in listed] == ["loud"]
    with refused("AccessPointAlreadyOwnedByYou", 409):
        control.create_access_point_for_object_lambda(Name="loud", Configuration=configuration)
    control.delete_access_point_for_object_lambda(Name="loud")
    with refused("NoSuchAccessPoint", 404):
        control.get_access_point_for_object_lambda(Name="loud")


def test_supporting_access_point_has_to_be_there(control, functions, configuration, aws, refused):
    configuration["SupportingAccessPoint"] = f"arn:aws:s3:us-east-1:{aws.account}:accesspoint/none"
    with refused("NoSuchAccessPoint", 404):
        control.create_access_point_for_object_lambda(Name="loud", Configuration=configuration)


def test_policy_is_kept(control, point, refused):
    with refused("NoSuchAccessPointPolicy", 404):
        control.get_access_point_policy_for_object_lambda(Name="loud")
    arn = point["ObjectLambdaAccessPointArn"]
    text = statement(arn, "s3-object-lambda:GetObject", principal=f"arn:aws:iam::{STRANGER}:root")
    control.put_access_point_policy_for_object_lambda(Name="loud", Policy=text)
    assert control.get_access_point_policy_for_object_lambda(Name="loud")["Policy"] == text
    status = control.get_access_point_policy_status_for_object_lambda(Name="loud")["PolicyStatus"]
    assert status == {"IsPublic": False}
    with refused("AccessDenied", 403):
        control.put_access_point_policy_for_object_lambda(
            Name="loud", Policy=statement(arn, "s3-object-lambda:GetObject")
        )
    control.delete_access_point_policy_for_object_lambda(Name="loud")
    with refused("NoSuchAccessPointPolicy", 404):
        control.get_access_point_policy_for_object_lambda(Name="loud")


# -- reading through it


@pytest.mark.parametrize("by", [0, 1], ids=["arn", "alias"])
def test_function_makes_the_answer(s3, bucket, point, answering, by, aws):
    s3.put_object(Bucket=bucket, Key="a b", Body=b"quiet")
    events = answering(upper)
    found = s3.get_object(Bucket=[point["ObjectLambdaAccessPointArn"], point["Alias"]["Value"]][by], Key="a b")
    body = found["Body"].read()
    assert (body, found["ContentType"], found["Metadata"]) == (b"QUIET", "text/loud", {"who": "function"})
    (event,) = events
    assert event["protocolVersion"] == "1.00"
    assert event["configuration"]["payload"] == "p"
    assert event["configuration"]["accessPointArn"] == point["ObjectLambdaAccessPointArn"]
    assert event["userIdentity"]["accountId"] == aws.account
    assert "authorization" not in event["userRequest"]["headers"]


def test_function_may_refuse(s3, point, answering, refused):
    answering(lambda event: {"StatusCode": 403, "ErrorCode": "NotForYou", "ErrorMessage": "go away"})
    with refused("NotForYou", 403):
        s3.get_object(Bucket=point["Alias"]["Value"], Key="k")


def test_function_has_to_answer(s3, point, functions, refused):
    functions[FUNCTION] = lambda event: {}
    with refused("LambdaResponseNotReceived", 500):
        s3.get_object(Bucket=point["Alias"]["Value"], Key="k")


def test_function_may_fail_or_be_missing(s3, point, functions, refused):
    def broken(event):
        raise ValueError("broken")

    with refused("LambdaNotFound", 404):
        s3.get_object(Bucket=point["Alias"]["Value"], Key="k")
    functions[FUNCTION] = broken
    with refused("LambdaRuntimeError", 500):
        s3.get_object(Bucket=point["Alias"]["Value"], Key="k")


def test_nobody_answers_without_a_reader(s3, bucket, point, answering, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    events = answering(upper)
    s3.get_object(Bucket=point["Alias"]["Value"], Key="k")
    token = events[0]["getObjectContext"]["outputToken"]
    with refused("ValidationError", 400):
        s3.write_get_object_response(RequestRoute="io-1", RequestToken=token, Body=b"late")


def test_function_makes_headers_and_listings(s3, point, functions):
    def function(event):
        if "headObjectContext" in event:
            return {"statusCode": 200, "headers": {"x-amz-meta-who": "function"}}
        return {"statusCode": 200, "listResultXml": "<ListBucketResult><Name>made up</Name></ListBucketResult>"}

    functions[FUNCTION] = function
    assert s3.head_object(Bucket=point["Alias"]["Value"], Key="k")["Metadata"] == {"who": "function"}
    assert s3.list_objects_v2(Bucket=point["Alias"]["Value"])["Name"] == "made up"


def test_other_requests_go_to_the_supporting_access_point(s3, bucket, point):
    s3.put_object(Bucket=point["Alias"]["Value"], Key="k", Body=b"x" * 200_000)
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 200_000
    s3.delete_object(Bucket=point["ObjectLambdaAccessPointArn"], Key="k")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


MISSING = [(0, "AccessDenied", 403), (1, "LambdaPermissionError", 403), (2, "LambdaRuntimeError", 500)]


def test_reader_needs_a_permission_for_each_part(client, s3, bucket, point, answering, user, configuration, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    answering(upper)
    parts = [
        ("s3-object-lambda:GetObject", point["ObjectLambdaAccessPointArn"]),
        ("lambda:InvokeFunction", FUNCTION),
        ("s3:GetObject", f"{configuration['SupportingAccessPoint']}/object/*"),
        ("s3:GetObject", f"arn:aws:s3:::{bucket}/*"),
    ]
    allowed = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in parts]
    reader = client("s3", credentials=user(allowed))
    assert reader.get_object(Bucket=point["Alias"]["Value"], Key="k")["Body"].read() == b"X"
    for missing, code, status in MISSING:
        some = client("s3", credentials=user([each for number, each in enumerate(allowed) if number != missing]))
        with refused(code, status):
            some.get_object(Bucket=point["Alias"]["Value"], Key="k")


# -- templates


def test_a_template_makes_one_with_its_policy(cloud, functions, configuration, aws):
    kind, policy_kind = "AWS::S3ObjectLambda::AccessPoint", "AWS::S3ObjectLambda::AccessPointPolicy"
    name = cloud.create(kind, Name="loud", ObjectLambdaConfiguration=configuration)
    found = cloud.read(kind, name)
    assert found["Arn"] == f"arn:aws:s3-object-lambda:us-east-1:{aws.account}:accesspoint/loud"
    assert found["ObjectLambdaConfiguration"] == configuration
    changed = {**configuration, "CloudWatchMetricsEnabled": True}
    cloud.update(kind, name, {"op": "replace", "path": "/ObjectLambdaConfiguration", "value": changed})
    assert cloud.read(kind, name)["ObjectLambdaConfiguration"] == changed
    allow = "s3-object-lambda:GetObject"
    policy = json.loads(statement(found["Arn"], action=allow, principal="arn:aws:iam::111122223333:root"))
    cloud.create(policy_kind, ObjectLambdaAccessPoint=name, PolicyDocument=policy)
    assert cloud.read(policy_kind, name)["PolicyDocument"] == policy
    cloud.delete(policy_kind, name)
    cloud.delete(kind, name)
