"""The admin API over HTTP, on a server of its own, since resets and clock moves concern all of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any, NamedTuple

import pytest

from fogbank import __version__
from fogbank.gateway.admin import is_local_name, is_loopback
from fogbank.http import Payload, Request
from fogbank.testing import Clients, InProcessServer, server


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture(scope="module")
def running() -> Iterator[InProcessServer]:
    with server() as one:
        yield one


@pytest.fixture
def ask(running: InProcessServer):
    """ask(method, path, body=None, **headers) sends one request as it is."""

    def ask(method: str, path: str, body: Any = None, **headers: str) -> Answer:
        connection = HTTPConnection("127.0.0.1", running.port, timeout=30)
        payload = json.dumps(body).encode() if isinstance(body, dict | list) else body
        connection.request(method, path, payload, {name.title(): value for name, value in headers.items()})
        response = connection.getresponse()
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        connection.close()
        return answer

    return ask


# -- what it tells


def test_health_says_who_serves(ask):
    health = ask("GET", "/_fogbank/health").json
    assert (health["status"], health["version"], health["data_dir"]) == ("running", __version__, None)
    assert {"s3", "sqs", "dynamodb"} <= set(health["services"])
    assert health["pid"] > 0 and health["uptime"] >= 0


def test_localstack_health_lists_services_as_running(ask):
    health = ask("GET", "/_localstack/health").json
    assert health["services"]["s3"] == "running"
    assert (health["edition"], health["version"]) == ("community", __version__)


def test_localstack_info_names_edition_and_version(ask):
    info = ask("GET", "/_localstack/info").json
    assert (info["edition"], info["version"], info["is_license_activated"]) == ("community", __version__, False)


def test_head_is_answered_like_get_without_a_body(ask):
    answer = ask("HEAD", "/_localstack/health")
    assert (answer.status, answer.body) == (200, b"")


def test_coverage_names_operations(ask):
    assert "SendMessage" in ask("GET", "/_fogbank/coverage").json["sqs"]["by hand"]


def test_unknown_path_is_404_in_json(ask):
    answer = ask("GET", "/_fogbank/nothing")
    assert (answer.status, answer.json["code"]) == (404, "NotFound")


def test_wrong_method_is_405_and_names_the_right_ones(ask):
    answer = ask("DELETE", "/_fogbank/clock")
    assert (answer.status, answer.json["code"]) == (405, "MethodNotAllowed")
    assert answer.headers["allow"] == "GET, POST, HEAD"


# -- the clock


@pytest.fixture
def real_time(ask) -> Iterator[None]:
    yield
    ask("POST", "/_fogbank/clock", {"reset": True})


def test_clock_moves_forward_and_back_to_the_real_time(ask, real_time):
    before = ask("GET", "/_fogbank/clock").json
    assert before["offset"] == 0
    after = ask("POST", "/_fogbank/clock", {"advance": 3600}).json
    assert after["offset"] == pytest.approx(3600, abs=1)
    assert after["now"] - before["now"] == pytest.approx(3600, abs=10)
    assert ask("POST", "/_fogbank/clock", {"reset": True}).json["offset"] == 0


@pytest.mark.parametrize(
    "body",
    [{}, [], {"advance": -1}, {"advance": "1h"}, {"advance": True}, {"advance": 1e12}, {"reset": False}, b"{", b"\xff"],
    ids=str,
)
def test_clock_refuses_what_it_does_not_understand(ask, body):
    answer = ask("POST", "/_fogbank/clock", body)
    assert (answer.status, answer.json["code"]) == (400, "InvalidRequest")
    assert ask("GET", "/_fogbank/clock").json["offset"] == 0


# -- the state


@pytest.fixture
def two_accounts(running: InProcessServer) -> Iterator[tuple[Clients, Clients]]:
    """Clients of two accounts, each with a queue named `kept`."""
    both = Clients(running.endpoint), Clients(running.endpoint)
    for clients in both:
        clients("sqs").create_queue(QueueName="kept")
    yield both
    for clients in both:
        clients.close()


def queues(clients: Clients) -> list[str]:
    return [url.rpartition("/")[2] for url in clients("sqs").list_queues().get("QueueUrls", [])]


def test_reset_forgets_everything(ask, two_accounts):
    assert ask("POST", "/_fogbank/reset").json == {"reset": "all"}
    assert [queues(clients) for clients in two_accounts] == [[], []]


def test_localstack_reset_forgets_everything(ask, two_accounts):
    assert ask("POST", "/_localstack/state/reset").status == 200
    assert queues(two_accounts[0]) == []


def test_reset_of_one_account_leaves_the_others(ask, two_accounts):
    first, second = two_accounts
    assert ask("POST", "/_fogbank/reset", {"account": first.account}).json == {"reset": first.account}
    assert (queues(first), queues(second)) == ([], ["kept"])


@pytest.mark.parametrize("account", ["", "123", 123456789012, "12345678901x", ["123456789012"]])
def test_reset_of_no_account_is_refused(ask, two_accounts, account):
    answer = ask("POST", "/_fogbank/reset", {"account": account})
    assert (answer.status, answer.json["code"]) == (400, "InvalidRequest")
    assert queues(two_accounts[0]) == ["kept"]


def test_saved_state_comes_back_when_loaded(ask, two_accounts):
    two_accounts[0]("s3").create_bucket(Bucket="kept")
    two_accounts[0]("s3").put_object(Bucket="kept", Key="large", Body=b"x" * 300_000)
    saved = ask("GET", "/_fogbank/state")
    assert saved.headers["content-type"] == "application/zip"
    ask("POST", "/_fogbank/reset")
    assert ask("POST", "/_fogbank/state", saved.body).json == {"loaded": True}
    assert queues(two_accounts[1]) == ["kept"]
    assert two_accounts[0]("s3").get_object(Bucket="kept", Key="large")["Body"].read() == b"x" * 300_000


def test_what_is_no_snapshot_is_refused_and_changes_nothing(ask, two_accounts):
    answer = ask("POST", "/_fogbank/state", b"PK not really")
    assert (answer.status, answer.json["code"]) == (400, "InvalidState")
    assert queues(two_accounts[0]) == ["kept"]


def test_summary_counts_rows_by_account(ask, two_accounts):
    rows = ask("GET", "/_fogbank/state/summary").json["collections"]
    counted = [row for row in rows if (row["service"], row["account"]) == ("sqs", two_accounts[0].account)]
    assert sum(row["rows"] for row in counted) >= 1


def test_tasks_are_listed(ask):
    assert ask("GET", "/_fogbank/tasks").json.keys() == {"pending", "dead"}


# -- who may ask


def test_page_of_another_origin_is_refused(ask, two_accounts):
    answer = ask("POST", "/_fogbank/reset", origin="http://evil.example")
    assert (answer.status, answer.json["code"]) == (403, "AccessDenied")
    assert queues(two_accounts[0]) == ["kept"]


def test_opaque_origin_is_refused(ask):
    assert ask("GET", "/_fogbank/health", origin="null").status == 403


def test_page_of_our_own_origin_is_answered(ask, running):
    assert ask("GET", "/_fogbank/health", origin=running.endpoint).status == 200


def test_name_that_a_foreign_dns_server_could_point_here_is_refused(ask):
    answer = ask("GET", "/_fogbank/health", host="evil.example:4566")
    assert (answer.status, answer.json["code"]) == (403, "AccessDenied")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:4566",
        "LOCALHOST:4566",
        "s3.localhost:4566",
        "localhost.localstack.cloud:4566",
        "127.0.0.1:4566",
        "[::1]:4566",
        "fogbank:4566",
        "192.168.1.7:4566",
    ],
)
def test_local_name_is_local(host):
    assert is_local_name(host)


@pytest.mark.parametrize(
    "host", ["", ":4566", "evil.example", "localhost.evil.example", "notlocalhost.com", "127.0.0.1.evil.com"]
)
def test_foreign_name_is_not_local(host):
    assert not is_local_name(host)


def test_configured_name_is_local():
    assert is_local_name("aws.corp.example:4566", ("aws.corp.example",))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", ""])
def test_loopback_address_is_this_machine(address):
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["10.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0", "unknown"])
def test_other_address_is_not_this_machine(address):
    assert not is_loopback(address)


def health_from(running: InProcessServer, remote: str) -> int:
    from fogbank.gateway import admin

    head = Request("GET", "/_fogbank/health", "", {"host": "localhost"}, Payload(b""), remote=remote)
    return running.call(admin.handle(running.app, head)).status


def test_client_of_another_machine_is_refused(running):
    assert health_from(running, "10.0.0.1") == 403


def test_client_of_another_machine_is_answered_when_configured():
    with server(admin_open=True) as running:
        assert health_from(running, "10.0.0.1") == 200
