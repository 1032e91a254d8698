"""Functions as records: made, described, changed, published, named, opened to others, deleted."""

import asyncio
import hashlib
import json
import threading
from base64 import b64encode

import pytest
from botocore.exceptions import ClientError

from fogbank.services.lambda_.invocation import running
from tests.services.lambda_.functions import ECHO, RUNTIME, code, package
from tests.services.metering import told

OTHER = "def handler(event, context):\n    return 'other'\n"


def test_a_function_is_described_as_it_was_made(functions):
    made = functions.make(Description="echoes", MemorySize=256, Tags={"team": "a"})
    assert (made["State"], made["StateReasonCode"]) == ("Pending", "Creating")
    found = functions.client.get_function(FunctionName="f")
    described = found["Configuration"]
    assert (described["State"], described["LastUpdateStatus"]) == ("Active", "Successful")
    assert described["FunctionArn"].endswith(":function:f")
    assert (described["Runtime"], described["Handler"], described["Timeout"]) == (RUNTIME, "index.handler", 10)
    assert (described["MemorySize"], described["Description"], described["Version"]) == (256, "echoes", "$LATEST")
    assert described["CodeSha256"] == b64encode(hashlib.sha256(package(ECHO)).digest()).decode()
    assert described["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"}
    assert found["Tags"] == {"team": "a"}


def test_a_second_function_of_that_name_is_refused(functions):
    functions.make()
    with pytest.raises(ClientError, match="Function already exist: f") as error:
        functions.make()
    assert code(error) == "ResourceConflictException"


def test_a_role_that_does_not_trust_lambda_is_refused(functions, aws):
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}
    role = aws("iam").create_role(RoleName="closed", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    with pytest.raises(ClientError, match="cannot be assumed by Lambda") as error:
        functions.client.create_function(
            FunctionName="f", Runtime=RUNTIME, Role=role, Handler="index.handler", Code={"ZipFile": package(ECHO)}
        )
    assert code(error) == "InvalidParameterValueException"
    assert functions.client.list_functions()["Functions"] == []


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "reserved keys"),
        ({"Environment": {"Variables": {"LARGE": "x" * 5000}}}, "exceeded the 4KB limit"),
        ({"Runtime": "python3.6"}, "no longer supported"),
        ({"Runtime": "python3"}, r"^.*: Value python3 at 'runtime' failed .* or be a valid ARN$"),
        ({"LoggingConfig": {"SystemLogLevel": "INFO"}}, 'LogLevel is not supported when LogFormat is set to "Text"'),
        ({"Tags": {"aws:a": "b"}}, "reserved"),
    ],
)
def test_a_configuration_that_lambda_does_not_take_is_refused(functions, options, text):
    with pytest.raises(ClientError, match=text) as error:
        functions.make(**options)
    assert code(error) == "InvalidParameterValueException"


def test_a_role_has_to_be_allowed_to_send_dead_letters(functions):
    queue = f"arn:aws:sqs:us-east-1:{functions.aws.account}:q"
    with pytest.raises(ClientError, match="does not have permissions to call SendMessage on SQS"):
        functions.make(DeadLetterConfig={"TargetArn": queue})
    functions.allow("sqs:SendMessage")
    assert functions.make(DeadLetterConfig={"TargetArn": queue})["DeadLetterConfig"] == {"TargetArn": queue}
    changed = functions.client.update_function_configuration(FunctionName="f", DeadLetterConfig={"TargetArn": ""})
    assert "DeadLetterConfig" not in changed


def test_names_have_64_characters_at_most(functions):
    with pytest.raises(ClientError, match=r"'functionName' .* less than or equal to 64"):
        functions.make(name="f" * 65)


@pytest.mark.parametrize(("member", "most"), [("Timeout", 900), ("MemorySize", 10_240)])
def test_more_time_or_memory_than_there_is_is_refused(functions, member, most):
    text = f"Value '{most + 1}' .* must have value less than or equal to {most}"
    with pytest.raises(ClientError, match=text) as error:
        functions.make(**{member: most + 1})
    assert code(error) == "ValidationException"


def test_bytes_that_are_no_zip_are_refused(functions):
    with pytest.raises(ClientError, match="Could not unzip uploaded file") as error:
        functions.client.create_function(
            FunctionName="f", Runtime=RUNTIME, Role=functions.role, Handler="index.handler", Code={"ZipFile": b"zip"}
        )
    assert code(error) == "InvalidParameterValueException"


def test_code_can_come_from_a_bucket(functions, aws):
    bucket = "code-of-functions"
    s3 = aws("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="f.zip", Body=package(OTHER))
    functions.client.create_function(
        FunctionName="f",
        Runtime=RUNTIME,
        Role=functions.role,
        Handler="index.handler",
        Code={"S3Bucket": bucket, "S3Key": "f.zip"},
    )
    functions.settle()
    assert functions.call() == ("other", None)


def test_an_object_that_is_missing_is_named(functions, aws):
    aws("s3").create_bucket(Bucket="empty-of-functions")
    with pytest.raises(ClientError, match="S3 Error Code: NoSuchKey") as error:
        functions.client.create_function(
            FunctionName="f",
            Runtime=RUNTIME,
            Role=functions.role,
            Handler="index.handler",
            Code={"S3Bucket": "empty-of-functions", "S3Key": "f.zip"},
        )
    assert code(error) == "InvalidParameterValueException"


def test_code_under_development_is_run_where_it_lies(functions, tmp_path):
    (tmp_path / "index.py").write_text(OTHER)
    functions.client.create_function(
        FunctionName="f",
        Runtime=RUNTIME,
        Role=functions.role,
        Handler="index.handler",
        Code={"S3Bucket": "hot-reload", "S3Key": str(tmp_path)},
    )
    functions.settle()
    assert functions.call() == ("other", None)
    (tmp_path / "index.py").write_text(OTHER.replace("other", "changed"))
    assert functions.call() == ("changed", None)
    (tmp_path / "index.py").unlink()
    tmp_path.rmdir()
    with pytest.raises(ClientError, match="is not an absolute path of a directory"):
        functions.call()


def test_new_code_and_configuration_are_used_at_once(functions):
    functions.make()
    assert functions.call()[0]["name"] == "f"
    functions.client.update_function_code(FunctionName="f", ZipFile=package(OTHER))
    functions.settle()
    assert functions.call() == ("other", None)
    functions.client.update_function_configuration(FunctionName="f", Timeout=7, Handler="index.missing")
    functions.settle()
    assert functions.call()[0]["errorType"] == "Runtime.HandlerNotFound"
    assert functions.client.get_function_configuration(FunctionName="f")["Timeout"] == 7


def test_a_function_that_is_being_made_cannot_be_changed(functions, monkeypatch):
    is_ready = threading.Event()

    async def prepare(*about):
        while not is_ready.is_set():
            await asyncio.sleep(0.01)

    monkeypatch.setattr(running, "prepare", prepare)
    package_of = {"ZipFile": package(ECHO)}
    functions.client.create_function(
        FunctionName="f", Runtime=RUNTIME, Role=functions.role, Handler="index.handler", Code=package_of
    )
    with pytest.raises(ClientError, match="The function is currently in the following state: Pending") as error:
        functions.client.update_function_configuration(FunctionName="f", Timeout=9)
    is_ready.set()
    assert code(error) == "ResourceConflictException"
    functions.settle()


def test_a_revision_that_is_not_the_last_is_refused(functions):
    functions.make()
    with pytest.raises(ClientError) as error:
        functions.client.update_function_configuration(FunctionName="f", Timeout=7, RevisionId="old")
    assert code(error) == "PreconditionFailedException"


def test_a_published_version_stays_as_it_was(functions):
    functions.make()
    published = functions.client.publish_version(FunctionName="f", Description="first")
    assert (published["Version"], published["Description"]) == ("1", "first")
    assert published["FunctionArn"].endswith(":function:f:1")
    assert functions.client.publish_version(FunctionName="f")["Version"] == "1"  # nothing has changed
    functions.client.update_function_code(FunctionName="f", ZipFile=package(OTHER), Publish=True)
    functions.settle()
    assert functions.call(Qualifier="1")[0]["name"] == "f"
    assert functions.call(Qualifier="2") == ("other", None)
    listed = functions.client.list_versions_by_function(FunctionName="f")["Versions"]
    assert [each["Version"] for each in listed] == ["$LATEST", "1", "2"]


def test_what_has_not_changed_is_not_published_again(functions):
    functions.make(Publish=True)
    functions.client.update_function_code(FunctionName="f", ZipFile=package(ECHO))
    functions.settle()
    assert functions.client.publish_version(FunctionName="f", Description="same")["Version"] == "1"
    functions.client.update_function_configuration(FunctionName="f", Timeout=11)
    functions.settle()
    assert functions.client.publish_version(FunctionName="f")["Version"] == "2"


def test_an_alias_leads_to_a_version(functions, aws, clock):
    functions.make()
    functions.client.publish_version(FunctionName="f")
    functions.client.update_function_code(FunctionName="f", ZipFile=package(OTHER), Publish=True)
    functions.settle()
    made = functions.client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    assert made["AliasArn"].endswith(":function:f:live")
    assert functions.call(Qualifier="live")[0]["name"] == "f"
    functions.client.update_alias(FunctionName="f", Name="live", FunctionVersion="2")
    assert functions.call(name="f:live") == ("other", None)
    functions.client.update_alias(FunctionName="f", Name="live", RoutingConfig={"AdditionalVersionWeights": {"1": 0.5}})
    seen = {json.dumps(functions.call(Qualifier="live")[0]) for _ in range(40)}
    assert len(seen) == 2
    assert told(aws, clock, "AWS/Lambda", FunctionName="f", Resource="f:live")["Invocations"] == 42
    of_version = {"FunctionName": "f", "Resource": "f:live", "ExecutedVersion": "1"}
    assert 0 < told(aws, clock, "AWS/Lambda", **of_version)["Invocations"] < 42
    with pytest.raises(ClientError) as error:
        functions.client.delete_function(FunctionName="f", Qualifier="2")
    assert code(error) == "ResourceConflictException"
    functions.client.delete_alias(FunctionName="f", Name="live")
    with pytest.raises(ClientError) as error:
        functions.client.get_alias(FunctionName="f", Name="live")
    assert code(error) == "ResourceNotFoundException"


def test_an_alias_of_a_version_that_is_missing_is_refused(functions):
    functions.make()
    with pytest.raises(ClientError) as error:
        functions.client.create_alias(FunctionName="f", Name="live", FunctionVersion="7")
    assert code(error) == "ResourceNotFoundException"


def test_another_account_needs_the_policy_of_the_function(functions, aws):
    arn = functions.make()["FunctionArn"]
    other = aws("lambda", account="210987654322")
    with pytest.raises(ClientError) as error:
        other.invoke(FunctionName=arn)
    assert code(error) == "AccessDeniedException"
    functions.client.add_permission(
        FunctionName="f", StatementId="others", Action="lambda:InvokeFunction", Principal="210987654322"
    )
    assert json.loads(other.invoke(FunctionName=arn)["Payload"].read())["name"] == "f"
    policy = json.loads(functions.client.get_policy(FunctionName="f")["Policy"])
    assert policy["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::210987654322:root"}
    functions.client.remove_permission(FunctionName="f", StatementId="others")
    with pytest.raises(ClientError) as error:
        functions.client.get_policy(FunctionName="f")
    assert code(error) == "ResourceNotFoundException"


def test_a_statement_has_a_name_of_its_own(functions):
    functions.make()
    permission = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    functions.client.add_permission(FunctionName="f", **permission, SourceArn="arn:aws:s3:::b")
    with pytest.raises(ClientError) as error:
        functions.client.add_permission(FunctionName="f", **permission)
    assert code(error) == "ResourceConflictException"
    with pytest.raises(ClientError) as error:
        functions.client.remove_permission(FunctionName="f", StatementId="other")
    assert code(error) == "ResourceNotFoundException"


def test_tags_are_set_and_removed(functions):
    arn = functions.make(Tags={"a": "1"})["FunctionArn"]
    functions.client.tag_resource(Resource=arn, Tags={"b": "2"})
    functions.client.untag_resource(Resource=arn, TagKeys=["a"])
    assert functions.client.list_tags(Resource=arn)["Tags"] == {"b": "2"}


def test_functions_are_listed(functions):
    for name in ("a", "b"):
        functions.make(name=name)
    assert [each["FunctionName"] for each in functions.client.list_functions()["Functions"]] == ["a", "b"]


def test_a_deleted_function_is_gone(functions):
    functions.make()
    functions.client.delete_function(FunctionName="f")
    with pytest.raises(ClientError) as error:
        functions.client.get_function(FunctionName="f")
    assert code(error) == "ResourceNotFoundException"


def test_a_zip_and_an_object_are_not_given_both(functions):
    both = {"ZipFile": package(ECHO), "S3Bucket": "code", "S3Key": "code.zip"}
    options = {"Runtime": RUNTIME, "Handler": "index.handler", "Role": functions.role}
    with pytest.raises(ClientError, match="Please do not provide other FunctionCode parameters"):
        functions.client.create_function(FunctionName="f", Code=both, **options)


def test_functions_of_another_region_are_not_reached(functions, aws):
    arn = functions.make()["FunctionArn"]
    with pytest.raises(ClientError, match="Functions from 'us-east-1' are not reachable in this region") as error:
        aws("lambda", "eu-west-1").get_function(FunctionName=arn)
    assert code(error) == "ResourceNotFoundException"


def test_what_belongs_to_the_function_is_not_asked_of_an_alias(functions):
    functions.make(Publish=True)
    for call in (functions.client.get_function_concurrency, functions.client.publish_version):
        with pytest.raises(ClientError, match="This operation is permitted on Lambda functions only"):
            call(FunctionName="f:1")


def test_some_concurrency_stays_unreserved(functions):
    functions.make()
    with pytest.raises(ClientError, match="below its minimum value of") as error:
        functions.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=950)
    assert code(error) == "InvalidParameterValueException"
    functions.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=900)
    assert functions.client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 100
    functions.client.delete_function_concurrency(FunctionName="f")
    assert "ReservedConcurrentExecutions" not in functions.client.get_function_concurrency(FunctionName="f")


def test_a_package_in_a_request_has_50_mb_at_most(functions):
    text = "Request must be smaller than 70167211 bytes for the CreateFunction operation"
    with pytest.raises(ClientError, match=text) as error:
        functions.make({"index.py": "", "large": bytes(50 << 20)})
    assert code(error) == "RequestEntityTooLargeException"
