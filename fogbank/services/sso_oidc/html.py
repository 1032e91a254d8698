"""The pages on which people sign in. They work without scripts, and load nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from fogbank.http import Response
from fogbank.identity.workforce import Person

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:4rem auto;padding:0 1rem;color:#16191f}"
    "label{display:block;padding:.4rem 0}button{font:inherit;padding:.4rem 1rem;margin:1rem .5rem 0 0}"
    "code{font-size:1.3rem}input[type=text]{font:inherit;padding:.3rem}"
)
_HEADERS = [
    ("content-type", "text/html; charset=utf-8"),
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
]


def page(title: str, body: str, status: int = 200) -> Response:
    """A whole page. `body` is HTML, `title` text."""
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>{body}"
    )
    return Response(status, _HEADERS, text.encode())


def message(title: str, text: str, status: int = 200) -> Response:
    return page(title, f"<p>{escape(text)}</p>", status)


def ask_code(path: str) -> Response:
    """Which device is it? The code is typed in."""
    body = (
        f'<form method="get" action="{escape(path)}"><label>Code shown by your device '
        '<input type="text" name="user_code" autofocus autocomplete="off"></label><button>Continue</button></form>'
    )
    return page("Authorize a device", body)


def choose_person(title: str, intro: str, people: Sequence[Person], hidden: Mapping[str, str]) -> Response:
    """Who are you, and do you agree? `hidden` comes back with the answer, `intro` is HTML."""
    if not people:
        return message(title, "The identity store has no users yet: create one with identitystore CreateUser.", 409)
    fields = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in hidden.items())
    choices = "".join(
        f'<label><input type="radio" name="user" value="{escape(person.id)}"{" checked" if not index else ""}> '
        f"{escape(person.display_name)} ({escape(person.user_name)})</label>"
        for index, person in enumerate(people)
    )
    buttons = '<button name="answer" value="allow">Allow</button><button name="answer" value="deny">Deny</button>'
    return page(title, f'{intro}<form method="post">{fields}{choices}{buttons}</form>')
