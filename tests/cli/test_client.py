"""Commands that use a running server."""

from __future__ import annotations

import pytest

from fogbank.cli.client import _aws_environment
from fogbank.cli.errors import Exit
from fogbank.testing import Clients

ACCOUNT = "111122223333"


@pytest.fixture
def queues(served):
    """The names of the account's queues; one was made."""
    sqs = Clients(f"http://127.0.0.1:{served.port}", ACCOUNT)("sqs")
    sqs.create_queue(QueueName="kept")
    return lambda: [url.rpartition("/")[2] for url in sqs.list_queues().get("QueueUrls", [])]


def test_env_is_shell_exports(fogbank, served):
    assert fogbank("env", "--region", "eu-west-1").stdout.splitlines() == [
        f"export AWS_ENDPOINT_URL=http://127.0.0.1:{served.port}",
        "export AWS_ACCESS_KEY_ID=test",
        "export AWS_SECRET_ACCESS_KEY=test",
        "export AWS_DEFAULT_REGION=eu-west-1",
        "export AWS_REGION=eu-west-1",
    ]


def test_env_without_a_server_names_the_usual_port(fogbank):
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:4566\n" in fogbank("env").stdout


def test_env_quotes_for_the_shell(fogbank):
    assert "export AWS_ACCESS_KEY_ID='a b'" in fogbank("env", "--account", "a b").stdout


def test_aws_trusts_the_certificate_of_a_tls_server(fogbank):
    fogbank("start", "--detach", "--tls", "--port", "0")
    try:
        assert "export AWS_CA_BUNDLE=" in fogbank("env").stdout
        done = fogbank("aws", "sts", "get-caller-identity", "--query", "Account", "--output", "text")
        assert (done.stdout, done.stderr) == ("000000000000\n", "")
    finally:
        fogbank("stop")


def test_aws_runs_the_aws_cli_against_the_server(fogbank, queues):
    done = fogbank(
        "aws",
        "sqs",
        "list-queues",
        "--query",
        "QueueUrls",
        "--output",
        "text",
        AWS_ACCESS_KEY_ID=ACCOUNT,
        AWS_SECRET_ACCESS_KEY="test",
    )
    assert done.stdout.strip().endswith(f"/{ACCOUNT}/kept"), done.stderr


def test_aws_exits_as_the_aws_cli_does(fogbank, served):
    done = fogbank("aws", "sqs", "get-queue-url", "--queue-name", "none")
    assert done.returncode in (254, 255)  # version 2, version 1
    assert "NonExistentQueue" in done.stderr


def test_dummy_keys_are_given_where_there_are_none():
    assert _aws_environment({}, [], "eu-west-1") == {
        "AWS_PAGER": "",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }


def test_keys_and_region_of_the_user_are_kept():
    mine = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-north-1", "AWS_PAGER": "less"}
    assert _aws_environment(mine, [], "us-east-1") == {"AWS_EC2_METADATA_DISABLED": "true", **mine}


@pytest.mark.parametrize(
    ("environ", "arguments"), [({"AWS_PROFILE": "mine"}, []), ({}, ["--profile", "mine"]), ({}, ["--profile=mine"])]
)
def test_profile_of_the_user_is_not_overruled(environ, arguments):
    assert "AWS_ACCESS_KEY_ID" not in _aws_environment(environ, arguments, "us-east-1")


def test_reset_forgets_everything(fogbank, queues):
    assert fogbank("reset").returncode == 0
    assert queues() == []


def test_reset_of_another_account_forgets_nothing_here(fogbank, queues):
    assert fogbank("reset", "--account", "444455556666").returncode == 0
    assert queues() == ["kept"]


def test_reset_of_no_account_is_refused(fogbank, queues):
    done = fogbank("reset", "--account", "me")
    assert (done.returncode, done.stderr) == (Exit.FAILED, "fogbank: account must be a string of 12 digits.\n")
    assert queues() == ["kept"]


def test_saved_state_is_loaded(fogbank, queues, tmp_path):
    file = tmp_path / "state.zip"
    assert fogbank("save", str(file)).returncode == 0
    fogbank("reset")
    assert fogbank("load", str(file)).returncode == 0
    assert queues() == ["kept"]


def test_save_that_fails_leaves_no_file(fogbank, tmp_path):
    done = fogbank("save", str(tmp_path / "state.zip"), "--port", "1")
    assert done.returncode == Exit.NO_ANSWER
    assert not list(tmp_path.glob("state*"))


@pytest.mark.parametrize("command", ["save", "load"])
def test_file_that_cannot_be_had_is_one_line(fogbank, served, tmp_path, command):
    done = fogbank(command, str(tmp_path / "none" / "state.zip"))
    assert done.returncode == Exit.FAILED
    assert done.stderr.startswith("fogbank: cannot ") and done.stderr.count("\n") == 1


def test_load_of_something_else_is_refused(fogbank, queues, tmp_path):
    (tmp_path / "letter.txt").write_text("Good morning")
    done = fogbank("load", str(tmp_path / "letter.txt"))
    assert (done.returncode, done.stderr) == (Exit.FAILED, "fogbank: not a Fogbank snapshot, or not all of it\n")
    assert queues() == ["kept"]


def test_clock_is_shown_moved_and_reset(fogbank, served):
    assert fogbank("clock", "show").stdout.endswith("Z (real time)\n")
    assert fogbank("clock", "advance", "30d").stdout.endswith("Z (4w 2d ahead)\n")
    assert fogbank("clock", "reset").stdout.endswith("Z (real time)\n")


def test_clock_refuses_what_is_no_duration(fogbank, served):
    assert fogbank("clock", "advance", "soon").returncode == Exit.USAGE


@pytest.mark.parametrize("command", [("reset",), ("clock", "show")])
def test_command_without_a_server_is_one_line(fogbank, command):
    done = fogbank(*command, "--port", "1")
    assert (done.returncode, done.stderr) == (
        Exit.NO_ANSWER,
        "fogbank: no server answers at http://127.0.0.1:1 (connection refused)\n",
    )


def test_services_counts_operations(fogbank):
    rows = [line.split() for line in fogbank("services").stdout.splitlines()]
    assert rows[0] == ["service", "by", "hand", "derived", "missing", "all"]
    assert {"s3", "sqs", "dynamodb", "sts"} <= {row[0] for row in rows}


def test_services_lists_the_operations_of_one(fogbank):
    assert ["SendMessage", "by", "hand"] in [line.split() for line in fogbank("services", "sqs").stdout.splitlines()]
