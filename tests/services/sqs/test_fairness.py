"""Fair queues: who has too much in flight waits for the others."""

import pytest

from fogbank.services.sqs import standard


@pytest.fixture
def send_many(sqs):
    def send_many(url, count, group=None):
        about = {} if group is None else {"MessageGroupId": group}
        for start in range(0, count, 10):
            entries = [
                {"Id": str(number), "MessageBody": f"{group}", **about} for number in range(min(10, count - start))
            ]
            sqs.send_message_batch(QueueUrl=url, Entries=entries)

    return send_many


def taken(receive, url, times):
    return [message for _ in range(times) for message in receive(url)]


def test_messages_of_others_overtake_those_of_a_noisy_tenant(queue, send, send_many, receive, bodies):
    send_many(queue, 50, "loud")
    taken(receive, queue, 3)
    send(queue, "quiet", MessageGroupId="quiet")
    send(queue, "nobody")
    assert bodies(queue, 3) == ["quiet", "nobody", "loud"]


def test_messages_behind_a_long_backlog_are_found(monkeypatch, queue, send, send_many, receive, bodies):
    monkeypatch.setattr(standard, "_AHEAD", 5)  # fewer than what is sent together, and so becomes visible at one moment
    send_many(queue, 60, "loud")
    taken(receive, queue, 3)
    send(queue, "quiet", MessageGroupId="quiet")
    assert bodies(queue, 1) == ["quiet"]


def test_who_has_less_than_thirty_in_flight_is_not_noisy(queue, send, send_many, receive, bodies):
    send_many(queue, 40, "loud")
    taken(receive, queue, 2)
    send(queue, "quiet", MessageGroupId="quiet")
    assert bodies(queue, 1) == ["loud"]


def test_messages_without_a_group_are_nobodys_noise(queue, send, send_many, receive, bodies):
    send_many(queue, 40)
    taken(receive, queue, 3)
    send(queue, "quiet", MessageGroupId="quiet")
    assert bodies(queue, 1) == ["None"]


def test_a_tenant_whose_messages_are_settled_is_quiet_again(sqs, queue, send, send_many, receive, bodies):
    send_many(queue, 40, "loud")
    for message in taken(receive, queue, 3):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    send(queue, "quiet", MessageGroupId="quiet")
    assert bodies(queue, 1) == ["loud"]


def test_of_two_noisy_tenants_the_less_noisy_comes_first(queue, send_many, receive, bodies):
    send_many(queue, 40, "louder")
    send_many(queue, 30, "loud")
    taken(receive, queue, 7)
    send_many(queue, 1, "louder")
    send_many(queue, 1, "loud")
    assert bodies(queue, 2) == ["loud", "louder"]
