"""The mailbox, as `/_fogbank/mail` shows it."""

import json
import urllib.error
import urllib.request

import pytest

from fogbank.kernel import mailbox
from fogbank.testing import server


@pytest.fixture
def running():
    with server() as one:
        yield one


def ask(running, query="", method="GET"):
    request = urllib.request.Request(f"{running.endpoint}/_fogbank/mail{query}", method=method)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def post(running, count, account="111122223333"):
    ctx = running.app.system_context("sns", account, "us-east-1")

    async def work():
        for number in range(count):
            mailbox.post(ctx, "sms", f"+{number}", f"text {number}", about={"n": str(number)})

    running.call(ctx.transact(work))


def test_a_message_is_shown_with_everything_about_it(running):
    post(running, 1)
    (mail,) = ask(running)["mail"]
    assert mail.pop("id") and mail.pop("at") > 0
    assert mail == {
        "kind": "sms",
        "account": "111122223333",
        "region": "us-east-1",
        "service": "sns",
        "sender": "",
        "to": "+0",
        "subject": "",
        "body": "text 0",
        "about": {"n": "0"},
    }


def test_what_is_asked_for_is_found_however_much_there_is(running):
    post(running, 1200)
    assert [mail["body"] for mail in ask(running, "?to=%2B7")["mail"]] == ["text 7"]
    assert len(ask(running, "?limit=2000")["mail"]) == 1200
    assert len(ask(running)["mail"]) == 100


@pytest.mark.parametrize("query", ["?limit=many", "?colour=red"])
def test_a_malformed_question_is_refused(running, query):
    with pytest.raises(urllib.error.HTTPError, match="400"):
        ask(running, query)


def test_an_account_that_is_reset_has_no_messages(running):
    post(running, 2)
    post(running, 1, "444455556666")
    running.reset("111122223333")
    assert {mail["account"] for mail in ask(running)["mail"]} == {"444455556666"}


def test_the_mailbox_can_be_emptied(running):
    post(running, 2)
    ask(running, method="DELETE")
    assert ask(running)["mail"] == []
