"""Function URLs: configurations, who may call, events and responses, CORS, streams."""

import http.client
import json
import shutil
from base64 import b64decode, b64encode
from urllib.parse import urlsplit

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from botocore.exceptions import ClientError

from fogbank.services.lambda_.runtime import relay
from tests.services.lambda_.functions import code

RETURNS = "def handler(event, context):\n    return {}\n"
EVENT = "def handler(event, context):\n    return event\n"


def allow(client, auth, **options):
    """Let everybody use the URL: a URL takes permission for the URL, and for the function by way of it."""
    url = {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": auth}
    function = {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True}
    for name, statement in (("url", url), ("function", function)):
        client.add_permission(FunctionName="f", StatementId=name, Principal="*", **statement, **options)


class Site:
    """A function URL as a visitor uses it."""

    def __init__(self, functions, endpoint):
        self.functions = functions
        self.endpoint = endpoint
        self.host = ""

    def open(self, source, auth="NONE", public=True, runtime=None, **options):
        extra = {} if runtime is None else {"Runtime": runtime}
        self.functions.make(source, **extra)
        client = self.functions.client
        made = client.create_function_url_config(FunctionName="f", AuthType=auth, **options)
        if public:
            allow(client, auth)
        self.host = urlsplit(made["FunctionUrl"]).netloc
        return made

    def get(self, path="/", method="GET", body=None, headers=None):
        """(status, headers, body)"""
        place = urlsplit(self.endpoint)
        connection = http.client.HTTPConnection(place.hostname, place.port)
        try:
            connection.request(method, path, body, {"Host": self.host, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


@pytest.fixture
def site(functions, fogbank_server):
    return Site(functions, fogbank_server.endpoint)


def _json(answer):
    return json.loads(answer[2])


# -- configurations


def test_a_configuration_is_made_changed_and_deleted(functions, clock):
    functions.make()
    client = functions.client
    made = client.create_function_url_config(FunctionName="f", AuthType="NONE", Cors={"AllowOrigins": ["*"]})
    assert ".lambda-url.us-east-1." in made["FunctionUrl"] and made["InvokeMode"] == "BUFFERED"
    clock.advance(seconds=5)
    changed = client.update_function_url_config(FunctionName="f", AuthType="AWS_IAM", InvokeMode="RESPONSE_STREAM")
    assert (changed["AuthType"], changed["InvokeMode"]) == ("AWS_IAM", "RESPONSE_STREAM")
    assert changed["Cors"] == {"AllowOrigins": ["*"]}
    assert changed["LastModifiedTime"] > changed["CreationTime"] == made["CreationTime"]
    listed = client.list_function_url_configs(FunctionName="f")["FunctionUrlConfigs"]
    assert [each["FunctionUrl"] for each in listed] == [made["FunctionUrl"]]
    client.delete_function_url_config(FunctionName="f")
    with pytest.raises(ClientError) as error:
        client.get_function_url_config(FunctionName="f")
    assert code(error) == "ResourceNotFoundException"


def test_a_function_has_one_url(functions):
    functions.make()
    functions.client.create_function_url_config(FunctionName="f", AuthType="NONE")
    with pytest.raises(ClientError, match="FunctionUrlConfig exists for this Lambda function") as error:
        functions.client.create_function_url_config(FunctionName="f", AuthType="NONE")
    assert code(error) == "ResourceConflictException"


def test_a_version_has_no_url(functions):
    functions.make()
    functions.client.publish_version(FunctionName="f")
    with pytest.raises(ClientError) as error:
        functions.client.create_function_url_config(FunctionName="f", Qualifier="1", AuthType="NONE")
    assert code(error) == "ValidationException"


def test_a_url_of_an_alias_runs_its_version(functions, site):
    site.open("def handler(event, context):\n    return context.function_version\n", public=False)
    functions.client.publish_version(FunctionName="f")
    functions.client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    made = functions.client.create_function_url_config(FunctionName="f", Qualifier="live", AuthType="NONE")
    allow(functions.client, "NONE", Qualifier="live")
    site.host = urlsplit(made["FunctionUrl"]).netloc
    assert _json(site.get()) == "1"
    functions.client.delete_alias(FunctionName="f", Name="live")
    assert site.get()[0] == 404


def test_a_deleted_functions_url_is_gone(functions, site):
    site.open(RETURNS)
    functions.client.delete_function(FunctionName="f")
    assert site.get()[0] == 404


# -- who may call


def test_without_a_permission_nobody_may_call(site):
    site.open(RETURNS, public=False)
    status, headers, body = site.get()
    assert (status, headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    assert json.loads(body)["Message"].startswith("Forbidden")


def _signed(site, path="/"):
    credentials = botocore.credentials.Credentials(site.functions.aws("sts").get_caller_identity()["Account"], "test")
    request = botocore.awsrequest.AWSRequest("GET", f"http://{site.host}{path}")
    botocore.auth.SigV4Auth(credentials, "lambda", "us-east-1").add_auth(request)
    return dict(request.headers)


def test_iam_wants_a_signature(site):
    site.open(EVENT, auth="AWS_IAM", public=False)
    assert site.get()[0] == 403
    status, _, body = site.get(headers=_signed(site))
    caller = json.loads(body)["requestContext"]
    assert status == 200
    assert caller["authorizer"]["iam"]["userArn"].endswith(":root")
    assert caller["accountId"] == caller["authorizer"]["iam"]["accountId"] != "anonymous"


def test_a_signature_that_is_wrong_is_refused(site):
    site.open(EVENT, auth="AWS_IAM", public=False)
    headers = _signed(site)
    headers["Authorization"] = headers["Authorization"][:-4] + "0000"
    assert site.get(headers=headers)[0] == 403


# -- events


def test_the_event_is_that_of_payload_format_2(site):
    made = site.open(EVENT)
    event = _json(
        site.get("/a%20b?x=1&x=2&y=", "POST", b'{"n": 1}', {"Content-Type": "application/json", "Cookie": "a=1; b=2"})
    )
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "$default", "/a%20b")
    assert (event["rawQueryString"], event["queryStringParameters"]) == ("x=1&x=2&y=", {"x": "1,2", "y": ""})
    assert event["cookies"] == ["a=1", "b=2"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"n": 1}', False)
    assert event["headers"]["x-forwarded-proto"] == "http"
    context = event["requestContext"]
    assert context["http"]["method"] == "POST" and context["http"]["path"] == "/a%20b"
    assert context["accountId"] == "anonymous" and "authorizer" not in context
    assert made["FunctionUrl"].startswith(f"http://{context['apiId']}.lambda-url.")
    assert context["domainName"] == site.host.partition(":")[0]


def test_bytes_arrive_in_base64(site):
    site.open(EVENT)
    event = _json(site.get("/", "POST", b"\x00\xff", {"Content-Type": "application/octet-stream"}))
    assert event["isBase64Encoded"] and b64decode(event["body"]) == b"\x00\xff"


def test_a_host_of_aws_is_answered_too(site):
    site.open("def handler(event, context):\n    return event['requestContext']['domainName']\n")
    site.host = site.host.partition(".")[0] + ".lambda-url.us-east-1.on.aws"
    assert _json(site.get()) == site.host


# -- responses


def _returning(value):
    return f"def handler(event, context):\n    return {value!r}\n"


def test_what_is_returned_without_a_status_is_the_body(site):
    site.open(_returning({"message": "hello"}))
    status, headers, body = site.get()
    assert (status, headers["content-type"], json.loads(body)) == (200, "application/json", {"message": "hello"})


def test_a_returned_response_is_given(site):
    site.open(
        _returning(
            {
                "statusCode": 201,
                "headers": {"Content-Type": "text/plain", "X-Own": "yes"},
                "cookies": ["a=1", "b=2; Secure"],
                "body": b64encode(b"\x00\x01").decode(),
                "isBase64Encoded": True,
            }
        )
    )
    status, headers, body = site.get()
    assert (status, headers["content-type"], headers["x-own"], body) == (201, "text/plain", "yes", b"\x00\x01")
    assert headers.get_all("set-cookie") == ["a=1", "b=2; Secure"]


@pytest.mark.parametrize(
    "source",
    [
        "def handler(event, context):\n    raise ValueError\n",
        _returning({"statusCode": "nonsense"}),
        _returning({"statusCode": 200, "body": {"not": "text"}}),
        _returning({"statusCode": 200, "body": "*** no Base64 ***", "isBase64Encoded": True}),
    ],
)
def test_what_is_no_response_is_a_bad_gateway(site, source):
    site.open(source)
    status, _, body = site.get()
    assert (status, body) == (502, b"Internal Server Error")


def test_a_throttled_function_says_so(site):
    site.open(RETURNS)
    site.functions.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    status, _, body = site.get()
    assert (status, json.loads(body)["Reason"]) == (429, "ReservedFunctionConcurrentInvocationLimitExceeded")


# -- CORS

CORS = {
    "AllowOrigins": ["https://a.example"],
    "AllowMethods": ["GET", "PUT"],
    "AllowHeaders": ["x-own"],
    "ExposeHeaders": ["x-count"],
    "AllowCredentials": True,
    "MaxAge": 60,
}


def test_a_preflight_is_answered_without_the_function(site):
    site.open("def handler(event, context):\n    raise ValueError\n", Cors=CORS)
    asking = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}
    status, headers, body = site.get(method="OPTIONS", headers=asking)
    assert (status, body) == (200, b"")
    assert headers["access-control-allow-origin"] == "https://a.example"
    assert headers["access-control-allow-methods"] == "GET,PUT"
    assert headers["access-control-allow-headers"] == "x-own"
    assert (headers["access-control-allow-credentials"], headers["access-control-max-age"]) == ("true", "60")


def test_responses_are_shared_with_origins_that_are_allowed(site):
    returned = {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "https://other.example"}}
    site.open(_returning(returned), Cors=CORS)
    _, headers, _ = site.get(headers={"Origin": "https://a.example"})
    assert headers.get_all("access-control-allow-origin") == ["https://a.example"]
    assert headers["access-control-expose-headers"] == "x-count"


def test_other_origins_get_no_headers(site):
    site.open(RETURNS, Cors=CORS)
    asking = {"Origin": "https://b.example", "Access-Control-Request-Method": "PUT"}
    assert site.get(method="OPTIONS", headers=asking)[1]["access-control-allow-origin"] is None


# -- streams

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js")

STREAM = """
export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
  if (event.queryStringParameters?.plain || event.plain) stream.setContentType("text/plain");
  else stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { "x-own": "yes" }, cookies: ["a=1"] });
  stream.write("one ");
  if (event.fail) throw new RangeError("in the middle");
  await new Promise((resolve) => setTimeout(resolve, 5));
  stream.end("two");
});
"""


@needs_node
def test_a_stream_is_answered_with_its_status_and_headers(site):
    site.open({"index.mjs": STREAM}, runtime="nodejs20.x", InvokeMode="RESPONSE_STREAM")
    status, headers, body = site.get()
    assert (status, headers["x-own"], headers["set-cookie"], body) == (201, "yes", "a=1", b"one two")
    _, headers, body = site.get("/?plain=1")
    assert (headers["content-type"], body) == ("text/plain", b"one two")


@needs_node
def test_a_buffered_url_collects_a_stream(site):
    site.open({"index.mjs": STREAM}, runtime="nodejs20.x")
    status, _, body = site.get()
    assert (status, body) == (201, b"one two")


def test_a_function_that_writes_no_stream_is_answered_whole(site):
    site.open(_returning({"statusCode": 201}), InvokeMode="RESPONSE_STREAM")
    status, headers, body = site.get()
    assert (status, headers["content-type"]) == (200, "application/octet-stream")
    assert json.loads(body) == {"statusCode": 201}


def _events(functions, event):
    answer = functions.client.invoke_with_response_stream(FunctionName="f", Payload=json.dumps(event), LogType="Tail")
    return answer, list(answer["EventStream"])


@needs_node
def test_invoking_with_a_response_stream_gives_chunks_and_an_end(functions, monkeypatch):
    functions.make({"index.mjs": STREAM}, Runtime="nodejs20.x")
    answer, events = _events(functions, {"plain": True})
    assert (answer["StatusCode"], answer["ResponseStreamContentType"]) == (200, "text/plain")
    assert b"".join(each["PayloadChunk"]["Payload"] for each in events[:-1]) == b"one two"
    assert b"REPORT" in b64decode(events[-1]["InvokeComplete"]["LogResult"])
    monkeypatch.setattr(relay, "STREAM_BYTES", 5)
    _, events = _events(functions, {"plain": True})
    assert json.loads(events[-1]["InvokeComplete"]["ErrorDetails"])["errorType"] == "Function.ResponseSizeTooLarge"


@needs_node
def test_an_error_in_the_middle_ends_the_stream(functions):
    functions.make({"index.mjs": STREAM}, Runtime="nodejs20.x")
    _, events = _events(functions, {"plain": True, "fail": True})
    assert events[0]["PayloadChunk"]["Payload"] == b"one "
    assert events[-1]["InvokeComplete"]["ErrorCode"] == "Unhandled"
    assert json.loads(events[-1]["InvokeComplete"]["ErrorDetails"])["errorMessage"] == "in the middle"
    _, events = _events(functions, {"plain": True})
    assert "ErrorCode" not in events[-1]["InvokeComplete"]


def test_a_buffered_function_answers_a_stream_of_one_chunk(functions):
    functions.make(_returning({"n": 1}))
    _, events = _events(functions, {})
    assert [json.loads(each["PayloadChunk"]["Payload"]) for each in events[:-1]] == [{"n": 1}]


def test_a_function_that_fails_says_so_at_the_end_of_its_stream(functions):
    functions.make("def handler(event, context):\n    raise ValueError('no')\n")
    _, events = _events(functions, {})
    assert events[-1]["InvokeComplete"]["ErrorCode"] == "Unhandled"
