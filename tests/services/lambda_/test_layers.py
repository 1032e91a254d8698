"""Layers: versions of libraries, who may use them, and that functions find them."""

import base64
import hashlib
import json
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

from tests.services.lambda_.functions import RUNTIME, code, package


@pytest.fixture
def publish(functions):
    """Publishes a version of a layer with these files."""

    def make(files, name="libraries", **options):
        return functions.client.publish_layer_version(
            LayerName=name, Content={"ZipFile": package(files)}, CompatibleRuntimes=[RUNTIME], **options
        )

    return make


def test_versions_are_numbered_and_described(publish, functions):
    data = package({"python/greeting.py": "text = 'hello'\n"})
    first = publish({"python/greeting.py": "text = 'hello'\n"}, Description="one", LicenseInfo="MIT")
    second = publish({"python/greeting.py": "text = 'bye'\n"})
    assert (first["Version"], second["Version"]) == (1, 2)
    assert first["LayerVersionArn"] == f"{first['LayerArn']}:1"
    assert first["Content"]["CodeSize"] == len(data)
    assert len(base64.b64decode(first["Content"]["CodeSha256"])) == 32
    described = functions.client.get_layer_version(LayerName="libraries", VersionNumber=1)
    assert (described["Description"], described["LicenseInfo"]) == ("one", "MIT")
    by_arn = functions.client.get_layer_version_by_arn(Arn=second["LayerVersionArn"])
    assert by_arn["Content"]["CodeSha256"] == second["Content"]["CodeSha256"]


def test_a_deleted_number_is_not_given_again(publish, functions):
    publish({"a": "1"})
    functions.client.delete_layer_version(LayerName="libraries", VersionNumber=1)
    assert publish({"a": "2"})["Version"] == 2
    with pytest.raises(ClientError) as error:
        functions.client.get_layer_version(LayerName="libraries", VersionNumber=1)
    assert code(error) == "ResourceNotFoundException"


def test_the_content_can_be_fetched_for_ten_minutes(publish, clock):
    content = publish({"python/x.py": "x = 1\n"})["Content"]
    with urllib.request.urlopen(content["Location"]) as answer:
        assert base64.b64encode(hashlib.sha256(answer.read()).digest()).decode() == content["CodeSha256"]
    clock.advance(seconds=601)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(content["Location"])


def test_a_link_that_was_changed_opens_nothing(publish):
    location = publish({"python/x.py": "x = 1\n"})["Content"]["Location"]
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(location[:-6] + "AAAAAA")


def test_layers_are_listed_with_the_latest_version_that_suits(publish, functions):
    publish({"a": "1"}, "one")
    publish({"a": "2"}, "one")
    publish({"a": "1"}, "two")
    listed = functions.client.list_layers(MaxItems=1)
    assert [(each["LayerName"], each["LatestMatchingVersion"]["Version"]) for each in listed["Layers"]] == [("one", 2)]
    rest = functions.client.list_layers(Marker=listed["NextMarker"])
    assert [each["LayerName"] for each in rest["Layers"]] == ["two"]
    assert functions.client.list_layers(CompatibleRuntime="java21")["Layers"] == []


def test_versions_are_listed_from_the_newest(publish, functions):
    for text in "123":
        publish({"a": text})
    pages = functions.client.get_paginator("list_layer_versions").paginate(
        LayerName="libraries", PaginationConfig={"PageSize": 2}
    )
    assert [each["Version"] for page in pages for each in page["LayerVersions"]] == [3, 2, 1]


def test_a_bad_marker_is_refused(functions):
    with pytest.raises(ClientError, match=r"Invalid marker\."):
        functions.client.list_layers(Marker="nonsense")


def test_a_function_imports_what_its_layers_bring(publish, functions):
    one = publish({"python/greeting.py": "text = 'hello'\n", "python/common.py": "who = 'one'\n"}, "one")
    two = publish({"python/common.py": "who = 'two'\n", "bin/tool": "#!/bin/sh\necho tool\n"}, "two")
    functions.make(
        "import common, greeting, subprocess\n"
        "def handler(event, context):\n"
        "    return greeting.text, common.who, subprocess.check_output(['tool'], text=True)\n",
        Layers=[one["LayerVersionArn"], two["LayerVersionArn"]],
    )
    assert functions.call() == (["hello", "two", "tool\n"], None)
    layers = functions.client.get_function_configuration(FunctionName="f")["Layers"]
    assert [(each["Arn"], each["CodeSize"]) for each in layers] == [
        (each["LayerVersionArn"], each["Content"]["CodeSize"]) for each in (one, two)
    ]


def test_a_function_keeps_a_layer_that_was_deleted(publish, functions):
    layer = publish({"python/greeting.py": "text = 'hello'\n"})
    source = "import greeting\ndef handler(event, context):\n    return greeting.text\n"
    functions.make(source, Layers=[layer["LayerVersionArn"]])
    functions.client.delete_layer_version(LayerName="libraries", VersionNumber=1)
    version = functions.client.publish_version(FunctionName="f")["Version"]
    assert functions.call(Qualifier=version) == ("hello", None)
    functions.client.update_function_configuration(FunctionName="f", Layers=[])
    functions.settle()
    assert functions.call()[0]["errorType"] == "Runtime.ImportModuleError"
    assert functions.call(Qualifier=version) == ("hello", None)


def test_a_layer_that_is_missing_is_refused(functions, publish):
    arn = publish({"a": "1"})["LayerArn"]
    with pytest.raises(ClientError, match=rf"Layer version {arn}:9 does not exist\.") as error:
        functions.make(Layers=[f"{arn}:9"])
    assert code(error) == "InvalidParameterValueException"


def test_two_versions_of_a_layer_are_refused(functions, publish):
    layers = [publish({"a": text})["LayerVersionArn"] for text in "12"]
    with pytest.raises(ClientError, match="Two different versions of the same layer are not allowed"):
        functions.make(Layers=layers)


def test_another_account_uses_a_layer_that_it_was_given(functions, publish, aws):
    arn = publish({"python/greeting.py": "text = 'hello'\n"})["LayerVersionArn"]
    other = aws("lambda", account="222233334444")
    with pytest.raises(ClientError) as error:
        other.get_layer_version_by_arn(Arn=arn)
    assert code(error) == "AccessDeniedException"
    added = functions.client.add_layer_version_permission(
        LayerName="libraries", VersionNumber=1, StatementId="all", Action="lambda:GetLayerVersion", Principal="*"
    )
    assert json.loads(added["Statement"])["Resource"] == arn
    assert other.get_layer_version_by_arn(Arn=arn)["LayerVersionArn"] == arn
    policy = functions.client.get_layer_version_policy(LayerName="libraries", VersionNumber=1)
    assert policy["RevisionId"] == added["RevisionId"]
    functions.client.remove_layer_version_permission(LayerName="libraries", VersionNumber=1, StatementId="all")
    with pytest.raises(ClientError) as error:
        other.get_layer_version_by_arn(Arn=arn)
    assert code(error) == "AccessDeniedException"


def test_a_statement_has_its_name_once(functions, publish):
    publish({"a": "1"})
    statement = {
        "LayerName": "libraries",
        "VersionNumber": 1,
        "StatementId": "s",
        "Action": "lambda:GetLayerVersion",
        "Principal": "123456789012",
    }
    functions.client.add_layer_version_permission(**statement)
    with pytest.raises(ClientError) as error:
        functions.client.add_layer_version_permission(**statement)
    assert code(error) == "ResourceConflictException"
