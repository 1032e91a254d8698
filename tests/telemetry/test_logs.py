"""What the log says of requests, in which form, and what it never says."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from fogbank.config import Settings
from fogbank.telemetry import logs
from fogbank.telemetry.trace import Trace, current, request_id, working_for
from fogbank.testing import Clients, ServerProcess, server


@pytest.fixture(scope="module")
def running():
    with server() as one:
        yield one


@pytest.fixture
def aws(running) -> Iterator[Clients]:
    clients = Clients(running.endpoint)
    yield clients
    clients.close()


def of_requests(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "fogbank.requests"]


# -- requests


def test_a_request_that_succeeds_or_is_refused_leaves_no_line(aws, caplog):
    with pytest.raises(ClientError):
        aws("sqs").get_queue_url(QueueName="missing")
    aws("sts").get_caller_identity()
    assert caplog.records == []


def test_a_failed_request_is_logged_under_the_id_that_its_client_was_told(aws, caplog):
    with pytest.raises(ClientError) as caught:
        aws("snowball", retries={"total_max_attempts": 1}).list_jobs()
    (record,) = of_requests(caplog)
    assert record.request_id == caught.value.response["ResponseMetadata"]["RequestId"]
    assert record.levelno == logging.ERROR
    assert record.fields["service"] == "snowball"
    assert (record.fields["operation"], record.fields["status"]) == ("ListJobs", 501)
    assert record.getMessage().startswith("failed request: snowball ListJobs 501 in ")
    assert record.getMessage().endswith(f"ms, account {aws.account}")


def test_a_defect_is_logged_with_its_traceback_under_the_request_id(running, aws, caplog, monkeypatch):
    service = running.app.services.get("sts")

    async def broken(ctx, request):
        raise ZeroDivisionError("what went wrong")

    monkeypatch.setattr(service.operations["get_caller_identity"], "handler", broken)
    with pytest.raises(ClientError) as caught:
        aws("sts", retries={"total_max_attempts": 1}).get_caller_identity()
    told = caught.value.response["ResponseMetadata"]["RequestId"]
    defect = next(record for record in caplog.records if record.exc_info)
    assert "ZeroDivisionError" in logs.TextFormatter().format(defect)
    assert of_requests(caplog)[0].request_id == told


def test_a_slow_request_is_logged_with_its_stages(caplog, monkeypatch):
    with server(slow_request=10) as slow:
        operation = slow.app.services.get("s3").operations["create_bucket"]
        handler = operation.handler

        async def slowly(ctx, request):
            time.sleep(0.02)
            return await handler(ctx, request)

        monkeypatch.setattr(operation, "handler", slowly)
        clients = Clients(slow.endpoint)
        clients("s3").create_bucket(Bucket="slowly-made")
        clients.close()
    (record,) = of_requests(caplog)
    assert record.levelno == logging.WARNING
    assert record.fields["event"] == "slow request"
    assert record.fields["stages"].keys() == {"authenticate", "parse", "operation", "commit"}
    assert sum(record.fields["stages"].values()) == pytest.approx(record.fields["ms"], abs=0.5)
    assert "; authenticate " in record.getMessage()


def test_no_request_is_slow_when_that_is_turned_off(caplog):
    with server(slow_request=0) as unhurried:
        clients = Clients(unhurried.endpoint)
        clients("s3").list_buckets()
        clients.close()
    assert of_requests(caplog) == []


def test_every_request_is_logged_when_asked_for(caplog):
    caplog.set_level(logging.INFO, "fogbank.requests")
    with server(log_requests=True) as talkative:
        clients = Clients(talkative.endpoint)
        told = clients("sts").get_caller_identity()["ResponseMetadata"]["RequestId"]
        clients.close()
    assert [(record.fields["operation"], record.request_id) for record in of_requests(caplog)] == [
        ("GetCallerIdentity", told)
    ]


# -- whose line it is


def test_lines_of_a_task_carry_the_id_that_it_works_for():
    with working_for("task-1"):
        assert request_id() == "task-1"
    assert request_id() == ""


def test_what_outlives_its_request_is_nobodys():
    trace = Trace()
    trace.request_id = "over"
    token = current.set(trace)
    assert request_id() == "over"
    trace.answered = True
    assert request_id() == ""
    current.reset(token)


# -- the form


@pytest.fixture
def configured() -> Iterator:
    """configured(**settings) configures the log and gives the stream that it goes to."""
    root, level = logging.getLogger(), logging.getLogger().level
    handlers = root.handlers[:]

    def configure(**settings) -> io.StringIO:
        logs.configure(Settings(**settings))
        stream = io.StringIO()
        root.handlers[0].setStream(stream)
        return stream

    yield configure
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("fogbank.requests").setLevel(logging.NOTSET)


def test_text_has_time_level_logger_message_and_request(configured):
    stream = configured()
    with working_for("4d2"):
        logging.getLogger("fogbank.tasks").warning("task %s failed", "x")
    moment, rest = stream.getvalue().split(" ", 1)
    assert moment.endswith("Z") and len(moment) == len("2026-01-31T12:00:00.123Z")
    assert rest == "WARNING fogbank.tasks: task x failed [request 4d2]\n"


def test_json_has_one_object_per_line_even_for_a_traceback(configured):
    stream = configured(log_format="json")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("fogbank").exception("it broke")
    line = json.loads(stream.getvalue())
    assert stream.getvalue().count("\n") == 1
    assert (line["level"], line["logger"], line["message"]) == ("error", "fogbank", "it broke")
    assert "ValueError: two\nlines" in line["exception"]
    assert "request_id" not in line


def test_lines_below_the_level_are_left_out(configured):
    stream = configured(log_level="error")
    logging.getLogger("fogbank").warning("unimportant")
    assert stream.getvalue() == ""


def test_asking_for_requests_does_not_ask_for_other_information(configured):
    stream = configured(log_requests=True)
    logging.getLogger("fogbank.requests").info("request: sts")
    logging.getLogger("fogbank").info("chatter")
    assert "request: sts" in stream.getvalue() and "chatter" not in stream.getvalue()


def test_a_server_of_its_own_process_logs_as_it_is_told(tmp_path):
    with ServerProcess(tmp_path, "--log-format=json", "--log-requests") as process:
        clients = Clients(process.endpoint)
        told = clients("sts").get_caller_identity()["ResponseMetadata"]["RequestId"]
        clients.close()
    lines = [json.loads(line) for line in (tmp_path / "fogbank.log").read_text().splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if line["logger"] == "fogbank.requests"]
    assert (line["service"], line["operation"], line["status"], line["request_id"]) == (
        "sts",
        "GetCallerIdentity",
        200,
        told,
    )


# -- secrets


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"SecretString": "hunter2", "Name": "x"}', '"Name": "x"'),
        ("{'MasterUserPassword': 'hunter2', 'Engine': 'mysql'}", "'Engine': 'mysql'"),
        ("SecretBinary=b'hunter2'", "SecretBinary="),
        ("Authorization: AWS4-HMAC-SHA256 Credential=AKIA/x, SignedHeaders=host, Signature=hunter2", "Authorization: "),
        ("GET /b/k?X-Amz-Signature=hunter2&X-Amz-Date=20260131T000000Z", "X-Amz-Date=20260131T000000Z"),
        ("x-amz-security-token: hunter2", "x-amz-security-token: "),
        ("'SecretAccessKey': 'hun\\'ter2 hunter2'", "'SecretAccessKey': "),
        ('password="hunter2 never ends', "password="),
    ],
)
def test_secrets_are_blotted_out(text, kept):
    redacted = logs.redact(text)
    assert "hunter2" not in redacted.replace("hunter2 never ends", "").replace(" never ends", "")
    assert kept in redacted


@pytest.mark.parametrize(
    "text", ["SignatureDoesNotMatch: The request signature", "GetSecretValue 200 in 4 ms", "PasswordPolicy"]
)
def test_words_about_secrets_are_not_secrets(text):
    assert logs.redact(text) == text


def test_what_an_exception_quotes_of_a_secret_is_not_logged(configured):
    stream = configured(log_format="json")
    try:
        raise KeyError({"SecretString": "hunter2"})
    except KeyError:
        logging.getLogger("fogbank").exception("it broke")
    assert "hunter2" not in stream.getvalue() and "***" in stream.getvalue()
