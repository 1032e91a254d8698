"""What processes that share a database say to each other, by notifications and, where there are none, through rows."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager

import pytest

from fogbank.fleet import remote
from fogbank.fleet.base import NoAnswer
from fogbank.testing import Clients, server
from tests.postgres import new_database


@contextmanager
def two_servers(directory):
    url = new_database()
    shared = {"store": url, "blobs": str(directory / "blobs"), "secrets": str(directory / "secrets")}
    with server(str(directory / "one"), **shared) as one, server(str(directory / "two"), **shared) as two:
        deadline = time.monotonic() + 20
        while not (one.app.fleet.others and two.app.fleet.others) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield one, two


@pytest.fixture(params=["notifications", "rows"], scope="module")
def pair(request, tmp_path_factory):
    patch = pytest.MonkeyPatch()
    if request.param == "rows":
        import asyncpg

        async def refuse(self):
            raise asyncpg.FeatureNotSupportedError("unimplemented: LISTEN")

        patch.setattr(remote.Notifications, "open", refuse)
    with two_servers(tmp_path_factory.mktemp(request.param)) as servers:
        kind = remote.Letters if request.param == "rows" else remote.Notifications
        assert all(type(each.app.fleet._post) is kind for each in servers)
        yield servers
    patch.undo()


def answering(running, kind, answer):
    async def handler(body):
        return answer(body)

    running.app.fleet.handlers[kind] = handler


def test_an_answer_comes_back_with_the_name_of_who_gave_it(pair):
    one, two = pair
    answering(two, "double", lambda body: [body, body])
    assert one.call(one.app.fleet.ask("double", {"a": 1})) == {two.app.fleet.name: [{"a": 1}, {"a": 1}]}


def test_a_long_message_comes_in_one_piece(pair):
    one, two = pair
    answering(two, "reverse", lambda body: body[::-1])
    body = bytes(range(256)) * 200
    assert one.call(one.app.fleet.ask("reverse", body)) == {two.app.fleet.name: body[::-1]}


def test_a_handler_that_fails_is_an_answer_that_is_missing(pair):
    one, two = pair
    answering(two, "fail", lambda body: 1 // 0)
    assert one.call(one.app.fleet.ask("fail")) == {}


def test_exactly_one_leads(pair):
    assert sorted(each.app.fleet.leads for each in pair) == [False, True]
    leader = next(each for each in pair if each.app.fleet.leads)
    follower = next(each for each in pair if not each.app.fleet.leads)
    assert follower.app.fleet.leader == leader.app.fleet.name
    answering(leader, "who", lambda body: "me")
    assert follower.call(follower.app.fleet.ask_leader("who")) == "me"


def test_a_watch_is_woken_from_elsewhere(pair):
    one, two = pair
    url = Clients(one.endpoint, "111111111111")("sqs").create_queue(QueueName=f"q{time.monotonic_ns()}")["QueueUrl"]
    name = url.rpartition("/")[2]
    sender = Clients(two.endpoint, "111111111111")("sqs")
    begun = time.monotonic()
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        receiver = Clients(one.endpoint, "111111111111")("sqs")
        poll = pool.submit(receiver.receive_message, QueueUrl=url, WaitTimeSeconds=20)
        time.sleep(0.3)
        sender.send_message(QueueUrl=sender.get_queue_url(QueueName=name)["QueueUrl"], MessageBody="x")
        assert poll.result()["Messages"][0]["Body"] == "x"
    assert time.monotonic() - begun < 15


def test_nobody_answers_for_a_process_that_is_gone(pair, monkeypatch):
    monkeypatch.setattr("fogbank.fleet.base._ANSWER_SECONDS", 0.2)
    one, _ = pair
    with pytest.raises(NoAnswer, match="worker nobody did not answer"):
        one.call(one.app.fleet._ask("nobody", "anything", None))


def test_a_leader_that_leaves_is_followed_at_once(tmp_path):
    with two_servers(tmp_path) as (one, two):
        leader, follower = (one, two) if one.app.fleet.leads else (two, one)
        leader.call(leader.app.fleet.close())
        leader.app.fleet._beating = None

        async def leads():
            while not follower.app.fleet.leads:
                await asyncio.sleep(0.05)

        follower.call(asyncio.wait_for(leads(), 4 * remote.BEAT))
