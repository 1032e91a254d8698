"""Code signing configurations and runtime management; links to code; other languages."""

import hashlib
import os
import shutil
import subprocess
import urllib.request
from base64 import b64encode

import pytest
from botocore.exceptions import ClientError

from tests.services.lambda_.functions import ECHO, RUNTIME, code, package

PUBLISHER = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/mine/abcdef"


@pytest.fixture
def signing(functions):
    def make(policy):
        made = functions.client.create_code_signing_config(
            AllowedPublishers={"SigningProfileVersionArns": [PUBLISHER]},
            CodeSigningPolicies={"UntrustedArtifactOnDeployment": policy},
        )
        return made["CodeSigningConfig"]["CodeSigningConfigArn"]

    return make


def test_unsigned_code_is_refused_where_that_is_enforced(functions, signing):
    with pytest.raises(ClientError) as error:
        functions.make(CodeSigningConfigArn=signing("Enforce"))
    assert code(error) == "CodeVerificationFailedException"
    functions.make(CodeSigningConfigArn=signing("Warn"))
    assert functions.call()[1] is None


def test_new_code_is_checked_by_what_the_function_has_then(functions, signing):
    functions.make()
    arn = signing("Enforce")
    functions.client.put_function_code_signing_config(FunctionName="f", CodeSigningConfigArn=arn)
    with pytest.raises(ClientError) as error:
        functions.client.update_function_code(FunctionName="f", ZipFile=package("x = 1\n"))
    assert code(error) == "CodeVerificationFailedException"
    assert functions.client.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)["FunctionArns"] == [
        functions.client.get_function(FunctionName="f")["Configuration"]["FunctionArn"]
    ]
    with pytest.raises(ClientError) as error:
        functions.client.delete_code_signing_config(CodeSigningConfigArn=arn)
    assert code(error) == "ResourceConflictException"
    functions.client.delete_function_code_signing_config(FunctionName="f")
    functions.client.update_function_code(FunctionName="f", ZipFile=package("x = 1\n"))
    functions.client.delete_code_signing_config(CodeSigningConfigArn=arn)


def test_configurations_are_changed_and_listed(functions, signing):
    arn = signing("Warn")
    functions.client.update_code_signing_config(CodeSigningConfigArn=arn, Description="ours")
    (found,) = functions.client.list_code_signing_configs()["CodeSigningConfigs"]
    assert (found["CodeSigningConfigArn"], found["Description"]) == (arn, "ours")
    assert found["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}


def test_a_missing_configuration_is_named(functions):
    functions.make()
    arn = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0"
    with pytest.raises(ClientError) as error:
        functions.client.put_function_code_signing_config(FunctionName="f", CodeSigningConfigArn=arn)
    assert code(error) == "ResourceNotFoundException"


def test_the_runtime_is_managed_by_lambda_unless_it_is_told(functions):
    functions.make()
    assert functions.client.get_runtime_management_config(FunctionName="f")["UpdateRuntimeOn"] == "Auto"
    functions.client.put_runtime_management_config(FunctionName="f", UpdateRuntimeOn="FunctionUpdate")
    found = functions.client.get_runtime_management_config(FunctionName="f")
    assert found["UpdateRuntimeOn"] == "FunctionUpdate" and found["FunctionArn"].endswith(":f:$LATEST")
    with pytest.raises(ClientError) as error:
        functions.client.put_runtime_management_config(FunctionName="f", UpdateRuntimeOn="Manual")
    assert code(error) == "InvalidParameterValueException"


def test_the_code_of_a_function_can_be_fetched(functions):
    functions.make()
    found = functions.client.get_function(FunctionName="f")
    assert found["Code"]["RepositoryType"] == "S3"
    with urllib.request.urlopen(found["Code"]["Location"]) as answer:
        data = answer.read()
    assert b64encode(hashlib.sha256(data).digest()).decode() == found["Configuration"]["CodeSha256"]


# -- other languages

GO = """package main

import "github.com/aws/aws-lambda-go/lambda"

func main() {
	lambda.Start(func(event map[string]any) (map[string]any, error) { return map[string]any{"go": event}, nil })
}
"""


@pytest.fixture
def bootstrap(tmp_path):
    """A program in Go with AWS's library, if both are on this machine: nothing is fetched for it."""
    if shutil.which("go") is None:
        pytest.skip("there is no Go")
    (tmp_path / "main.go").write_text(GO)
    (tmp_path / "go.mod").write_text("module f\n\ngo 1.21\n\nrequire github.com/aws/aws-lambda-go v1.47.0\n")
    environ = {**os.environ, "GOPROXY": "off", "GONOSUMDB": "*", "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
    command = ["go", "build", "-tags", "lambda.norpc", "-o", "bootstrap", "."]
    built = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        pytest.skip("github.com/aws/aws-lambda-go v1.47.0 is not in Go's module cache")
    return (tmp_path / "bootstrap").read_bytes()


def test_a_function_in_go_runs(functions, bootstrap):
    functions.make({"bootstrap": bootstrap}, Runtime="provided.al2023", Handler="bootstrap")
    assert functions.call({"n": 1}) == ({"go": {"n": 1}}, None)


@pytest.mark.skipif(shutil.which("ruby") is not None, reason="Ruby is there")
def test_what_a_runtime_needs_is_named(functions):
    functions.make(Runtime="ruby3.3")
    with pytest.raises(
        ClientError, match=r"The runtime ruby3\.3 needs ruby 3\.3 on this machine; found: none\."
    ) as error:
        functions.client.invoke(FunctionName="f")
    assert code(error) == "InvalidRuntimeException"


def test_code_under_development_runs_where_it_lies(functions, tmp_path):
    (tmp_path / "index.py").write_text(ECHO)
    functions.client.create_function(
        FunctionName="f",
        Role=functions.role,
        Runtime=RUNTIME,
        Handler="index.handler",
        Code={"S3Bucket": "hot-reload", "S3Key": str(tmp_path)},
    )
    functions.settle()
    assert functions.call({"n": 1})[0]["event"] == {"n": 1}
    (tmp_path / "index.py").write_text("def handler(event, context):\n    return 'changed'\n")
    assert functions.call() == ("changed", None)
