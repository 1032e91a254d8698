"""The fixtures that users get, used as users use them."""

import os
import subprocess
import sys

import pytest

from fogbank.testing import Clients, server


def test_each_test_has_an_account_of_its_own(aws):
    assert aws("sts").get_caller_identity()["Account"] == aws.account
    assert len(aws.account) == 12 and aws.account.isdigit()


def test_accounts_do_not_see_each_other(aws, fogbank_server):
    aws("sqs").create_queue(QueueName="mine")
    other = Clients(fogbank_server.endpoint)
    assert other.account != aws.account
    assert "QueueUrls" not in other("sqs").list_queues()
    other.close()


def test_client_works_in_the_region_it_was_made_for(aws):
    aws("sqs", region="eu-west-1").create_queue(QueueName="there")
    assert "QueueUrls" not in aws("sqs").list_queues()
    assert len(aws("sqs", region="eu-west-1").list_queues()["QueueUrls"]) == 1


def test_client_of_another_account_can_be_asked_for(aws):
    assert aws("sts", account="111122223333").get_caller_identity()["Account"] == "111122223333"


def test_client_signs_with_given_credentials(aws):
    keys = {"AccessKeyId": "444455556666", "SecretAccessKey": "test"}
    assert aws("sts", credentials=keys).get_caller_identity()["Account"] == "444455556666"


def test_config_reaches_the_client(aws):
    assert aws("sqs", user_agent_extra="mine").meta.config.user_agent_extra == "mine"


def test_request_is_tried_once(aws):
    assert aws("sqs").meta.config.retries["total_max_attempts"] == 1


def test_environment_leads_other_clients_here(aws, monkeypatch):
    import boto3

    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    assert boto3.client("sts").get_caller_identity()["Account"] == aws.account


@pytest.mark.parametrize(("span", "seconds"), [("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86400)])
def test_clock_advances_by_the_span(clock, span, seconds):
    before = clock.now()
    clock.advance(**{span: 2})
    assert clock.now() - before == pytest.approx(2 * seconds, abs=1)


def test_clock_is_at_the_real_time_in_the_next_test(fogbank_server):
    assert fogbank_server.app.clock.offset == 0


def test_moved_clock_is_seen_by_services(aws, clock):
    sqs = aws("sqs")
    queue = sqs.create_queue(QueueName="work")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="job")
    sqs.receive_message(QueueUrl=queue, VisibilityTimeout=30)
    clock.advance(seconds=31)
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "job"


def test_two_servers_share_nothing():
    with server() as one, server() as other:
        Clients(one.endpoint, "111122223333")("sqs").create_queue(QueueName="here")
        assert "QueueUrls" not in Clients(other.endpoint, "111122223333")("sqs").list_queues()


def test_server_keeps_its_state_in_a_data_directory(tmp_path):
    for _ in range(2):
        with server(data_dir=tmp_path) as one:
            Clients(one.endpoint, "111122223333")("sqs").create_queue(QueueName="kept")
    with server(data_dir=tmp_path) as one:
        assert len(Clients(one.endpoint, "111122223333")("sqs").list_queues()["QueueUrls"]) == 1


def test_server_that_cannot_start_says_why():
    from fogbank.storage.base import StoreError

    with pytest.raises(StoreError, match="cannot write to the data directory"), server(data_dir="/dev/null/below"):
        pass


def test_plugin_imports_nothing_heavy():
    """It is loaded in every pytest run of every project that has Fogbank installed."""
    code = "import sys, pytest; before = set(sys.modules); import fogbank.testing.plugin; print(*set(sys.modules) - before)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert sorted(loaded) == ["fogbank", "fogbank.testing", "fogbank.testing.plugin"]


def test_fixtures_do_in_other_projects_what_they_promise(tmp_path):
    """In a test run of its own, with settings of its own; what an account has is forgotten after its test."""
    (tmp_path / "conftest.py").write_text(
        "import pytest\n@pytest.fixture(scope='session')\ndef fogbank_settings():\n    return {'region': 'eu-west-3'}\n"
    )
    (tmp_path / "test_mine.py").write_text(
        "from fogbank.testing import Clients\n"
        "used = []\n"
        "def test_has_settings(fogbank_server):\n"
        "    assert fogbank_server.app.settings.region == 'eu-west-3'\n"
        "def test_leaves_a_queue(aws):\n"
        "    aws('sqs').create_queue(QueueName='left')\n"
        "    used.append(aws.account)\n"
        "def test_finds_none(fogbank_server):\n"
        "    assert 'QueueUrls' not in Clients(fogbank_server.endpoint, used[0])('sqs').list_queues()\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert "3 passed" in done.stdout
