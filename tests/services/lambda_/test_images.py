"""Functions of container images, made here and pushed to ECR."""

from __future__ import annotations

import json
import platform
import sys

import pytest
from botocore.exceptions import ClientError

from fogbank.services.lambda_.runtime.isolation import Rooms
from tests.services.ecr.containers import Container, Registry, index_of, layer_of
from tests.services.lambda_.functions import TRUST, Functions, code
from tests.services.lambda_.image_files import command, python_files

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="images are for Linux")

ARCHITECTURE = "arm64" if platform.machine() == "aarch64" else "x86_64"


@pytest.fixture(scope="module")
def python_layer():
    return layer_of({path.lstrip("/"): content for path, content in python_files().items()})


@pytest.fixture
def images(aws, fogbank_server, tmp_path):
    if not Rooms(str(tmp_path)).skeleton:
        pytest.skip("this machine allows no mount namespaces")
    made = ImageFunctions(aws, fogbank_server.port)
    yield made
    made.registry.close()


class ImageFunctions(Functions):
    """Makes functions of images."""

    def __init__(self, aws, port):
        super().__init__(aws)
        self.ecr = aws("ecr")
        self.uri = self.ecr.create_repository(repositoryName="functions")["repository"]["repositoryUri"]
        self.registry = Registry(self.ecr, port)

    def push(self, container, tag="latest"):
        self.registry.push("functions", container, tag)
        return f"{self.uri}:{tag}"

    def create(self, uri, name="f", **options):
        options = {"Architectures": [ARCHITECTURE], "Timeout": 10, **options}
        return self.client.create_function(
            FunctionName=name, Role=self.role, PackageType="Image", Code={"ImageUri": uri}, **options
        )

    def settle(self, name="f"):
        # to unpack an image takes a moment
        for waiter in ("function_active_v2", "function_updated_v2"):
            waits = {"Delay": 0.02, "MaxAttempts": 1500}
            self.client.get_waiter(waiter).wait(FunctionName=name, WaiterConfig=waits)

    def become_developer(self):
        """Go on as a user who may do everything with functions, and nothing with images."""
        iam, _ = self.aws("iam"), self.role
        iam.create_user(UserName="developer")
        actions = ["lambda:*", "iam:PassRole"]
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        iam.put_user_policy(UserName="developer", PolicyName="p", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName="developer")["AccessKey"]
        self.client = self.aws("lambda", credentials=key)

    def run(self, container, **options):
        made = self.create(self.push(container), **options)
        self.settle()
        return made


EXTENSION = f"""#!{command()[0]} -ISB
import json, os, socket

def ask(method, path, headers, body=b""):
    host, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")
    with socket.create_connection((host, int(port))) as connection:
        lines = [f"{{method}} /2020-01-01/extension/{{path}} HTTP/1.1", f"Host: {{host}}", "Connection: close", *headers]
        connection.sendall("\\r\\n".join([*lines, f"Content-Length: {{len(body)}}", "", ""]).encode() + body)
        data = b"".join(iter(lambda: connection.recv(65536), b""))
    return data.partition(b"\\r\\n\\r\\n")

head, _, _ = ask("POST", "register", ["Lambda-Extension-Name: watcher"], json.dumps({{"events": ["INVOKE"]}}).encode())
found = [line.partition(b": ")[2] for line in head.split(b"\\r\\n") if b"extension-identifier" in line.lower()]
while True:
    event = json.loads(ask("GET", "event/next", ["Lambda-Extension-Identifier: " + found[0].decode()])[2])
    with open("/tmp/watcher.new", "w") as file:
        file.write(event["eventType"])
    os.rename("/tmp/watcher.new", "/tmp/watcher")
""".encode()


def python_image(*layers, **config):
    config = {"Entrypoint": command(), "Cmd": ["app.handler"], "WorkingDir": "/var/task", **config}
    architecture = "arm64" if ARCHITECTURE == "arm64" else "amd64"
    return Container(*layers, config=config, architecture=architecture)


def test_a_function_of_an_image_answers(images, python_layer):
    made = images.run(python_image(python_layer))
    assert (made["State"], made["PackageType"]) == ("Pending", "Image")
    answer, error = images.call({"a": 1})
    assert error is None
    assert answer == {"arguments": ["app.handler"], "directory": "/var/task", "event": {"a": 1}}


def test_the_image_is_all_that_there_is(images, python_layer):
    images.run(python_image(python_layer, layer_of({"etc/greeting": b"hello"})))
    assert images.call({"read": "/etc/greeting"})[0] == "hello"
    assert "home" not in images.call({"list": "/"})[0]
    assert images.call({"list": "/tmp"})[0] == []


def test_only_tmp_can_be_written(images, python_layer):
    images.run(python_image(python_layer))
    assert images.call({"write": "/tmp/x"})[0] == 1
    assert images.call({"write": "/var/task/x"})[0] == "Read-only file system"


def test_variables_are_those_of_the_image_and_of_the_function(images, python_layer):
    container = python_image(python_layer, Env=["GREETING=hello", "NAME=image"])
    images.run(container, Environment={"Variables": {"NAME": "function"}})
    assert images.call({"variable": "GREETING"})[0] == "hello"
    assert images.call({"variable": "NAME"})[0] == "function"
    assert images.call({"variable": "AWS_LAMBDA_FUNCTION_NAME"})[0] == "f"


def test_the_function_can_start_something_else(images, python_layer):
    config = {"EntryPoint": command(), "Command": ["other.handler"], "WorkingDirectory": "/etc"}
    made = images.run(python_image(python_layer, Entrypoint=["/nowhere"]), ImageConfig=config)
    assert made["ImageConfigResponse"]["ImageConfig"] == config
    answer, _ = images.call()
    assert (answer["arguments"], answer["directory"]) == (["other.handler"], "/etc")


def test_extensions_of_the_image_run_beside_the_function(images, python_layer):
    images.run(python_image(python_layer, layer_of({"opt/extensions/watcher": EXTENSION})))
    # it shares the function's file system
    assert images.call({"await": "/tmp/watcher"})[0] == "INVOKE"


def test_layers_lie_upon_each_other(images, python_layer):
    below = layer_of({"data/old": b"1", "data/kept": b"2", "gone/a": b"3", "gone/b": b"4"})
    above = layer_of({"data/.wh.old": b"", "gone/.wh..wh..opq": b"", "gone/c": b"5"})
    images.run(python_image(python_layer, below, above))
    assert images.call({"list": "/data"})[0] == ["kept"]
    assert images.call({"list": "/gone"})[0] == ["c"]


def test_get_function_tells_which_image_it_is(images, python_layer):
    container = python_image(python_layer)
    images.run(container)
    found = images.client.get_function(FunctionName="f")
    assert found["Code"] == {
        "RepositoryType": "ECR",
        "ImageUri": f"{images.uri}:latest",
        "ResolvedImageUri": f"{images.uri}@{container.digest}",
    }
    assert found["Configuration"]["CodeSha256"] == container.digest.removeprefix("sha256:")


def test_new_code_is_another_image(images, python_layer):
    images.run(python_image(python_layer))
    uri = images.push(python_image(python_layer, Cmd=["new.handler"]), "v2")
    images.client.update_function_code(FunctionName="f", ImageUri=uri)
    images.settle()
    assert images.call()[0]["arguments"] == ["new.handler"]


def test_a_tag_that_moves_changes_nothing(images, python_layer):
    images.run(python_image(python_layer))
    images.push(python_image(python_layer, Cmd=["new.handler"]))
    assert images.call()[0]["arguments"] == ["app.handler"]


def test_the_uri_may_be_the_one_of_aws(images, python_layer, aws):
    images.push(python_image(python_layer))
    images.create(f"{aws.account}.dkr.ecr.us-east-1.amazonaws.com/functions:latest")
    images.settle()
    assert images.call()[0]["arguments"] == ["app.handler"]


@pytest.mark.parametrize(
    "rest, words",
    [
        (":missing", "does not exist"),
        ("-nowhere:latest", "does not exist"),
        ("", "is not valid"),
        (":a:b", "is not valid"),
    ],
)
def test_an_image_that_is_not_there_is_refused(images, rest, words):
    with pytest.raises(ClientError, match=rf"Source image .* {words}\. Provide a valid source image") as error:
        images.create(images.uri + rest)
    assert code(error) == "InvalidParameterValueException"


def test_an_index_is_refused(images, python_layer):
    container = python_image(python_layer)
    images.push(container)
    images.registry.put("functions", index_of(container), "multi")
    with pytest.raises(ClientError, match=r"The image manifest, config or layer media type .* is not supported"):
        images.create(f"{images.uri}:multi")


def test_a_caller_who_may_not_pull_may_not_run(images, python_layer):
    uri = images.push(python_image(python_layer))
    images.become_developer()
    with pytest.raises(ClientError, match="Lambda does not have permission to access the ECR image") as error:
        images.create(uri)
    assert code(error) == "AccessDeniedException"


def test_a_repository_may_let_lambda_itself_in(images, python_layer):
    uri = images.push(python_image(python_layer))
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "ecr:BatchGetImage"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    images.ecr.set_repository_policy(repositoryName="functions", policyText=policy)
    images.become_developer()
    assert images.create(uri)["State"] == "Pending"


def test_another_accounts_image_needs_its_policy(images, python_layer, aws):
    uri = images.push(python_image(python_layer)).partition("/")[2]
    uri = f"{aws.account}.dkr.ecr.us-east-1.amazonaws.com/{uri}"
    other = "210987654321"
    role = aws("iam", account=other).create_role(RoleName="f", AssumeRolePolicyDocument=json.dumps(TRUST))
    request = {
        "FunctionName": "guest",
        "Role": role["Role"]["Arn"],
        "PackageType": "Image",
        "Code": {"ImageUri": uri},
        "Architectures": [ARCHITECTURE],
    }
    client = aws("lambda", account=other)
    try:
        with pytest.raises(ClientError, match="does not have permission"):
            client.create_function(**request)
        actions = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        statements = [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{other}:root"}, "Action": actions},
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": actions,
                "Condition": {"StringLike": {"aws:sourceARN": f"arn:aws:lambda:us-east-1:{other}:function:*"}},
            },
        ]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        images.ecr.set_repository_policy(repositoryName="functions", policyText=policy)
        assert client.create_function(**request)["State"] == "Pending"
    finally:
        aws("iam", account=other).delete_role(RoleName="f")


@pytest.mark.parametrize(
    "config, reason",
    [
        ({"Entrypoint": ["/nothing"]}, "fork/exec /nothing: no such file or directory"),
        ({"Entrypoint": ["/etc/text"]}, "fork/exec /etc/text: permission denied"),
        ({"Entrypoint": [], "Cmd": []}, "entrypoint requires the handler name to be the first argument"),
    ],
)
def test_what_cannot_be_started_says_why(images, python_layer, config, reason):
    text = layer_of({"etc/text": b"text"}, mode=0o644)
    images.run(python_image(python_layer, text, **config))
    answer, error = images.call()
    assert error == "Unhandled"
    assert answer["errorType"] == "Runtime.InvalidEntrypoint"
    assert reason in answer["errorMessage"]


def test_an_image_for_another_processor_is_not_started(images, python_layer):
    other = "arm64" if ARCHITECTURE == "x86_64" else "x86_64"
    images.run(python_image(python_layer), Architectures=[other])
    assert "exec format error" in images.call()[0]["errorMessage"]


def test_a_layer_that_leads_out_of_the_image_fails_the_function(images, python_layer):
    uri = images.push(python_image(python_layer, layer_of({"../../escaped": b"x"})))
    images.create(uri)
    with pytest.raises(Exception, match="Waiter FunctionActiveV2 failed"):
        images.settle()
    found = images.client.get_function_configuration(FunctionName="f")
    assert (found["State"], found["StateReasonCode"]) == ("Failed", "InvalidImage")
    with pytest.raises(ClientError) as error:
        images.call()
    assert code(error) == "ResourceConflictException"


def test_images_and_packages_are_not_exchanged(images, python_layer):
    images.run(python_image(python_layer))
    with pytest.raises(ClientError, match="Please provide ImageUri when updating"):
        images.client.update_function_code(FunctionName="f", ZipFile=b"x")
    images.make(name="zipped")
    with pytest.raises(ClientError, match="provide ImageUri when updating"):
        images.client.update_function_code(FunctionName="zipped", ImageUri=f"{images.uri}:latest")
