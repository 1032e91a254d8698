"""Functions and what belongs to them as CloudFormation and Cloud Control see them."""

from __future__ import annotations

import io
import json
import shutil
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from tests.services.cloud_client import Cloud
from tests.services.lambda_.functions import RUNTIME, package

FUNCTION = "AWS::Lambda::Function"
VERSION, ALIAS = "AWS::Lambda::Version", "AWS::Lambda::Alias"
INLINE = "def handler(event, context):\n    return {'n': event.get('n')}\n"


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


@pytest.fixture
def make(cloud, functions):
    """Makes a function by Cloud Control."""

    def create(source=INLINE, **properties):
        properties = {"FunctionName": "f", "Runtime": RUNTIME, "Handler": "index.handler", **properties}
        properties.setdefault("Code", {"ZipFile": source})
        return cloud.create(FUNCTION, Role=functions.role, **properties)

    return create


def replace(name, value):
    return {"op": "add", "path": f"/{name}", "value": value}


def remove(name):
    return {"op": "remove", "path": f"/{name}"}


# -- functions


def test_source_that_stands_in_a_template_is_a_function(functions, make, cloud):
    name = make(Tags=[{"Key": "a", "Value": "b"}], ReservedConcurrentExecutions=5)
    assert functions.call({"n": 3}) == ({"n": 3}, None)
    assert cloud.read(FUNCTION, name) == {
        "FunctionName": "f",
        "Arn": f"arn:aws:lambda:us-east-1:{functions.aws.account}:function:f",
        "Role": functions.role,
        "Runtime": RUNTIME,
        "Handler": "index.handler",
        "Timeout": 3,
        "MemorySize": 128,
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "TracingConfig": {"Mode": "PassThrough"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"},
        "SnapStartResponse": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "RuntimeManagementConfig": {"UpdateRuntimeOn": "Auto"},
        "RecursiveLoop": "Terminate",
        "ReservedConcurrentExecutions": 5,
        "Tags": [{"Key": "a", "Value": "b"}],
    }


def test_code_may_lie_in_a_bucket(functions, make):
    s3 = functions.aws("s3")
    bucket = f"code-{functions.aws.account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="f.zip", Body=package("def handler(event, context):\n    return 'from S3'\n"))
    make(Code={"S3Bucket": bucket, "S3Key": "f.zip"})
    assert functions.call() == ("from S3", None)


def test_code_that_is_not_there_fails_the_request_and_leaves_nothing(functions, make):
    with pytest.raises(AssertionError, match="NoSuchBucket"):
        make(Code={"S3Bucket": f"none-{functions.aws.account}", "S3Key": "f.zip"})
    assert functions.client.list_functions()["Functions"] == []


def test_a_refused_function_leaves_nothing(functions, make):
    with pytest.raises(AssertionError, match="reserved keys"):
        make(Environment={"Variables": {"AWS_REGION": "x"}})
    assert functions.client.list_functions()["Functions"] == []


def test_a_name_that_is_taken_is_refused(make):
    make()
    with pytest.raises(AssertionError, match="'ErrorCode': 'AlreadyExists'"):
        make()


def test_source_in_a_template_is_for_python_and_node_only(make):
    with pytest.raises(AssertionError, match="ZipFile can only be used"):
        make(Runtime="provided.al2023")


def test_a_function_without_a_name_gets_one(functions, cloud):
    properties = {"Runtime": RUNTIME, "Handler": "index.handler", "Role": functions.role, "Code": {"ZipFile": INLINE}}
    name = cloud.create(FUNCTION, **properties)
    assert functions.client.get_function(FunctionName=name)["Configuration"]["State"] == "Active"
    assert [each["FunctionName"] for each in functions.client.list_functions()["Functions"]] == [name]


def test_the_configuration_is_changed_and_what_is_taken_away_is_as_it_was(functions, make, cloud):
    name = make(Environment={"Variables": {"AA": "1"}}, Timeout=9, Description="d")
    cloud.update(FUNCTION, name, replace("MemorySize", 256), remove("Environment"), remove("Timeout"))
    now = cloud.read(FUNCTION, name)
    assert (now["MemorySize"], now["Timeout"], now["Description"]) == (256, 3, "d")
    assert "Environment" not in now


def test_numbers_may_be_texts(functions, make, cloud):
    name = make(Timeout="9", MemorySize="256", Environment={"Variables": {"COUNT": 5}})
    found = cloud.read(FUNCTION, name)
    assert (found["Timeout"], found["MemorySize"]) == (9, 256)
    assert found["Environment"] == {"Variables": {"COUNT": "5"}}
    cloud.update(FUNCTION, name, replace("Timeout", "11"), replace("Code", {"ZipFile": INLINE + "# other\n"}))
    assert cloud.read(FUNCTION, name)["Timeout"] == 11


def test_what_the_model_does_not_allow_is_refused(functions, make):
    with pytest.raises(AssertionError, match="Member must have value greater than or equal to 1"):
        make(Timeout=0)
    with pytest.raises(AssertionError, match="expected type: Integer"):
        make(Timeout="soon")
    assert functions.client.list_functions()["Functions"] == []


def test_new_code_and_another_configuration_come_together(functions, make, cloud):
    name = make()
    source = "import os\ndef handler(event, context):\n    return os.environ['WHO']\n"
    patch = (replace("Code", {"ZipFile": source}), replace("Environment", {"Variables": {"WHO": "me"}}))
    cloud.update(FUNCTION, name, *patch, replace("Tags", [{"Key": "x", "Value": "y"}]))
    assert functions.call() == ("me", None)
    assert functions.client.list_tags(Resource=cloud.read(FUNCTION, name)["Arn"])["Tags"] == {"x": "y"}


def test_the_package_of_a_template_has_the_module_that_answers_cloudformation(functions, make):
    make()
    location = functions.client.get_function(FunctionName="f")["Code"]["Location"]
    with urlopen(location) as answer:
        names = zipfile.ZipFile(io.BytesIO(answer.read())).namelist()
    assert names == ["index.py", "cfnresponse.py"]


ANSWERING = {
    "python": (
        RUNTIME,
        "import cfnresponse\ndef handler(event, context):\n"
        "    cfnresponse.send(event, context, cfnresponse.SUCCESS, {'Key': 'value'}, 'physical')\n",
    ),
    "nodejs": (
        "nodejs22.x",
        "const response = require('cfn-response');\nexports.handler = (event, context) => "
        "response.send(event, context, response.SUCCESS, {Key: 'value'}, 'physical');\n",
    ),
}


class _Listener(BaseHTTPRequestHandler):
    def do_PUT(self):
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("language", ANSWERING)
def test_the_module_tells_cloudformation_what_came_of_it(functions, make, language):
    if language == "nodejs" and shutil.which("node") is None:
        pytest.skip("there is no node")
    runtime, source = ANSWERING[language]
    make(source, Runtime=runtime, Timeout=20)
    listener = HTTPServer(("127.0.0.1", 0), _Listener)
    listener.got = []
    thread = threading.Thread(target=listener.handle_request)
    thread.start()
    event = {"StackId": "s", "RequestId": "r", "LogicalResourceId": "l"}
    event["ResponseURL"] = f"http://127.0.0.1:{listener.server_port}/answer"
    answer, error = functions.call(event)
    thread.join(10)
    listener.server_close()
    assert error is None, answer
    (told,) = listener.got
    assert told.pop("Reason").startswith("See the details in CloudWatch Log Stream: ")
    about = {"StackId": "s", "RequestId": "r", "LogicalResourceId": "l", "PhysicalResourceId": "physical"}
    assert told == {**about, "Status": "SUCCESS", "NoEcho": False, "Data": {"Key": "value"}}


def test_what_has_operations_of_its_own_is_set_and_taken_back(functions, make, cloud):
    statement = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "lambda:InvokeFunction"}
    arn = f"arn:aws:lambda:us-east-1:{functions.aws.account}:function:f"
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "s", "Resource": arn, **statement}]}
    name = make(RecursiveLoop="Allow", ReservedConcurrentExecutions=1, Policy=policy)
    assert cloud.read(FUNCTION, name)["RecursiveLoop"] == "Allow"
    assert "111111111111" in functions.client.get_policy(FunctionName=name)["Policy"]
    cloud.update(FUNCTION, name, remove("RecursiveLoop"), remove("ReservedConcurrentExecutions"))
    now = cloud.read(FUNCTION, name)
    assert now["RecursiveLoop"] == "Terminate"
    assert "ReservedConcurrentExecutions" not in now


def test_a_deleted_function_is_gone(functions, make, cloud):
    name = make()
    assert cloud.client.list_resources(TypeName=FUNCTION)["ResourceDescriptions"][0]["Identifier"] == name
    cloud.delete(FUNCTION, name)
    with pytest.raises(functions.client.exceptions.ResourceNotFoundException):
        functions.client.get_function(FunctionName=name)


# -- versions and aliases


def test_a_version_is_published_and_waits_for_its_environments(functions, make, cloud):
    make()
    version = cloud.create(
        VERSION,
        FunctionName="f",
        Description="first",
        ProvisionedConcurrencyConfig={"ProvisionedConcurrentExecutions": 1},
    )
    found = cloud.read(VERSION, version)
    assert (found["Version"], found["Description"]) == ("1", "first")
    assert found["ProvisionedConcurrencyConfig"] == {"ProvisionedConcurrentExecutions": 1}
    of = {"FunctionName": "f", "Qualifier": "1"}
    assert functions.client.get_provisioned_concurrency_config(**of)["Status"] == "READY"
    cloud.delete(VERSION, version)
    with pytest.raises(functions.client.exceptions.ResourceNotFoundException):
        functions.client.get_function(**of)


def test_the_same_code_is_not_published_twice(make, cloud):
    make()
    cloud.create(VERSION, FunctionName="f")
    with pytest.raises(AssertionError, match="A version for this Lambda function exists"):
        cloud.create(VERSION, FunctionName="f")


def test_an_alias_divides_invocations_and_is_moved(functions, make, cloud):
    make()
    cloud.create(VERSION, FunctionName="f")
    cloud.update(FUNCTION, "f", replace("MemorySize", 256))
    cloud.create(VERSION, FunctionName="f")
    weights = {"AdditionalVersionWeights": [{"FunctionVersion": "2", "FunctionWeight": 0.25}]}
    alias = cloud.create(ALIAS, FunctionName="f", FunctionVersion="1", Name="live", RoutingConfig=weights)
    assert cloud.read(ALIAS, alias) == {
        "AliasArn": f"arn:aws:lambda:us-east-1:{functions.aws.account}:function:f:live",
        "FunctionName": "f",
        "FunctionVersion": "1",
        "Name": "live",
        "RoutingConfig": weights,
    }
    wanted = {"ProvisionedConcurrentExecutions": 1}
    patch = (replace("FunctionVersion", "2"), remove("RoutingConfig"), replace("ProvisionedConcurrencyConfig", wanted))
    cloud.update(ALIAS, alias, *patch)
    now = cloud.read(ALIAS, alias)
    assert (now["FunctionVersion"], now["ProvisionedConcurrencyConfig"]) == ("2", wanted)
    cloud.delete(ALIAS, alias)
    assert functions.client.list_aliases(FunctionName="f")["Aliases"] == []


# -- permissions and layers


def test_a_permission_is_a_statement(functions, make, cloud):
    make()
    kind = "AWS::Lambda::Permission"
    about = {"FunctionName": "f", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    about |= {"SourceArn": "arn:aws:s3:::bucket", "SourceAccount": "111111111111"}
    identifier = cloud.create(kind, **about)
    found = cloud.read(kind, identifier)
    assert found.pop("Id") == identifier.rpartition("|")[2]
    assert found == about
    cloud.delete(kind, identifier)
    with pytest.raises(functions.client.exceptions.ResourceNotFoundException):
        functions.client.get_policy(FunctionName="f")


def test_a_layer_version_is_published_and_permitted(functions, cloud):
    s3, bucket = functions.aws("s3"), f"layer-{functions.aws.account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="l.zip", Body=package({"python/lib.py": "N = 1\n"}))
    content = {"S3Bucket": bucket, "S3Key": "l.zip"}
    layer = cloud.create("AWS::Lambda::LayerVersion", LayerName="l", Content=content, CompatibleRuntimes=[RUNTIME])
    assert cloud.read("AWS::Lambda::LayerVersion", layer) == {
        "LayerVersionArn": f"arn:aws:lambda:us-east-1:{functions.aws.account}:layer:l:1",
        "LayerName": "l",
        "CompatibleRuntimes": [RUNTIME],
    }
    kind = "AWS::Lambda::LayerVersionPermission"
    about = {"LayerVersionArn": layer, "Action": "lambda:GetLayerVersion", "Principal": "*"}
    permission = cloud.create(kind, **about, OrganizationId="o-1234567890")
    assert cloud.read(kind, permission) == {**about, "Id": permission, "OrganizationId": "o-1234567890"}
    cloud.delete(kind, permission)
    cloud.delete("AWS::Lambda::LayerVersion", layer)
    assert functions.client.list_layer_versions(LayerName="l")["LayerVersions"] == []


# -- what has functions called


def test_a_url_answers_and_is_changed(functions, make, cloud):
    make()
    kind = "AWS::Lambda::Url"
    identifier = cloud.create(kind, TargetFunctionArn="f", AuthType="NONE", Cors={"AllowOrigins": ["*"]})
    found = cloud.read(kind, identifier)
    assert (found["AuthType"], found["Cors"], found["InvokeMode"]) == ("NONE", {"AllowOrigins": ["*"]}, "BUFFERED")
    assert found["FunctionUrl"].startswith("http")
    cloud.update(kind, identifier, replace("AuthType", "AWS_IAM"), remove("Cors"))
    now = cloud.read(kind, identifier)
    assert (now["AuthType"], "Cors" in now) == ("AWS_IAM", False)
    cloud.delete(kind, identifier)
    assert functions.client.list_function_url_configs(FunctionName="f")["FunctionUrlConfigs"] == []


def test_asynchronous_invocations_are_configured(functions, make, cloud):
    functions.allow("sqs:SendMessage")
    make()
    kind = "AWS::Lambda::EventInvokeConfig"
    target = f"arn:aws:sqs:us-east-1:{functions.aws.account}:q"
    about = {"FunctionName": "f", "Qualifier": "$LATEST", "MaximumRetryAttempts": 0}
    destination = {"DestinationConfig": {"OnFailure": {"Destination": target}}}
    identifier = cloud.create(kind, **about, **destination)
    assert cloud.read(kind, identifier) == about | destination
    cloud.update(kind, identifier, remove("DestinationConfig"), replace("MaximumEventAgeInSeconds", 60))
    assert cloud.read(kind, identifier) == {**about, "MaximumEventAgeInSeconds": 60}
    cloud.delete(kind, identifier)
    with pytest.raises(functions.client.exceptions.ResourceNotFoundException):
        functions.client.get_function_event_invoke_config(FunctionName="f")


def test_a_queue_is_read_for_a_function(functions, make, cloud):
    make()
    functions.allow("sqs:*")
    sqs = functions.aws("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    source = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    kind = "AWS::Lambda::EventSourceMapping"
    tags = [{"Key": "a", "Value": "b"}]
    identifier = cloud.create(kind, FunctionName="f", EventSourceArn=source, BatchSize=5, Tags=tags)
    found = cloud.read(kind, identifier)
    assert (found["BatchSize"], found["Enabled"], found["EventSourceArn"]) == (5, True, source)
    assert found["Tags"] == tags
    cloud.update(kind, identifier, replace("Enabled", False), replace("BatchSize", 7), remove("Tags"))
    now = functions.client.get_event_source_mapping(UUID=identifier)
    assert (now["State"], now["BatchSize"]) == ("Disabled", 7)
    cloud.delete(kind, identifier)
    assert functions.client.list_event_source_mappings()["EventSourceMappings"] == []


# -- code signing


def test_a_code_signing_configuration_is_made_and_changed(functions, cloud):
    kind = "AWS::Lambda::CodeSigningConfig"
    profile = f"arn:aws:signer:us-east-1:{functions.aws.account}:/signing-profiles/p/abcdefghij"
    publishers = {"SigningProfileVersionArns": [profile]}
    arn = cloud.create(kind, AllowedPublishers=publishers, Tags=[{"Key": "a", "Value": "b"}])
    found = cloud.read(kind, arn)
    assert found["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    assert found["Tags"] == [{"Key": "a", "Value": "b"}]
    cloud.update(kind, arn, replace("Description", "ours"))
    assert (
        functions.client.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"]["Description"] == "ours"
    )
    cloud.delete(kind, arn)
    with pytest.raises(ClientError):
        functions.client.list_tags(Resource=arn)
