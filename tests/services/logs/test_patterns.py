"""The language of filter patterns. Examples: .../AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.logs import patterns

WORDS = st.text("abcAB12", min_size=1, max_size=5)


def matches(pattern, message):
    text = message if isinstance(message, str) else json.dumps(message)
    return patterns.compile(pattern).match(text) is not None


REQUESTS = [
    "[ERROR 400] BAD REQUEST",
    "[ERROR 401] UNAUTHORIZED REQUEST",
    "[ERROR 419] MISSING ARGUMENTS",
    "[INFO] fine",
]


@pytest.mark.parametrize(
    ("pattern", "fit"),
    [
        ("", [0, 1, 2, 3]),
        ('" "', [0, 1, 2, 3]),
        ("ERROR", [0, 1, 2]),
        ("error", []),
        ("ERROR ARGUMENTS", [2]),
        ("?ERROR ?INFO", [0, 1, 2, 3]),
        ("?ARGUMENTS ?INFO", [2, 3]),
        ('"BAD REQUEST"', [0]),
        ("ERROR -ARGUMENTS", [0, 1]),
        ("-ERROR", [3]),
        ('-"BAD REQUEST"', [1, 2, 3]),
        ("%40[01]%", [0, 1]),
        # options do not count beside other terms
        ("?INFO REQUEST", [0, 1]),
    ],
)
def test_terms(pattern, fit):
    assert [nth for nth, message in enumerate(REQUESTS) if matches(pattern, message)] == fit


EVENT = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "ThisFlag": True,
    "cluster.name": "c",
    "count": 12.5,
    "text": "12",
}


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{ $.eventType = UpdateTrail }", True),
        ('{ $.eventType = "Update*" }', True),
        ('{ $.eventType != "UpdateTrail" }', False),
        ('{ $.eventType != "x" }', True),
        ('{ $.missing != "x" }', False),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[1] = "value" }', False),
        ('{ $.arrayKey[*] = "another*" }', True),
        ("{ $.objectList[1].id = 2 }", True),
        ('{ $.objectList[*].name = "b" }', True),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.missing IS NULL }", False),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.SomeObject NOT EXISTS }", False),
        ("{ $.ThisFlag IS TRUE }", True),
        ("{ $.ThisFlag IS FALSE }", False),
        ("{ $.['cluster.name'] = \"c\" }", True),
        ("{ $.count > 12 }", True),
        ("{ $.count >= 1.25e1 }", True),
        ("{ $.count < 12.5 }", False),
        ("{ $.text <= 12 }", True),
        ("{ $.sourceIPAddress = 111.111.* }", True),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ("{ $.sourceIPAddress = %1{3}\\.1% }", True),
        ('{ ($.eventType = "x") || ($.count > 1 && $.ThisFlag IS TRUE) }', True),
        ('{ $.count > 1 && ($.eventType = "x" || $.text = "y") }', False),
        # `&&` binds closer
        ('{ $.count > 1 || $.eventType = "x" && $.text = "y" }', True),
        ("{ $.arrayKey = value }", False),
    ],
)
def test_conditions_on_json(pattern, fits):
    assert matches(pattern, EVENT) is fits


def test_a_json_pattern_matches_only_objects():
    assert not matches("{ $.a NOT EXISTS }", "no json")
    assert not matches("{ $.a NOT EXISTS }", "[1]")


ACCESS = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("[ip, user, username, timestamp, request, status_code, bytes]", True),
        ("[ip, user, username, timestamp, request, status_code]", False),
        ("[ip, user, username, timestamp, request, status_code = 4*, bytes > 1000]", True),
        ("[ip, user, username, timestamp, request, status_code = 4*, bytes > 1534]", False),
        ("[..., status_code = 404, bytes]", True),
        ("[ip, ...]", True),
        ("[ip = 127.0.0.*, ..., bytes]", True),
        ("[..., request = *.html*, status_code = 4*,]", True),
        ("[ip, user, ..., status != 200 && status != 500, bytes]", True),
        ("[ip, user = Prod || user = Test, ...]", True),
        ("[ip, (user = Dev || user = Test), ...]", False),
        ("[ip = %127\\.0%, ...]", True),
        ('[..., request = "GET /index.html HTTP/1.0", status, bytes]', True),
    ],
)
def test_conditions_on_fields(pattern, fits):
    assert matches(pattern, ACCESS) is fits


def test_fields_are_extracted_by_name_or_number():
    assert patterns.compile("[..., status, size]").match(ACCESS) == {
        "$1": "127.0.0.1",
        "$2": "Prod",
        "$3": "frank",
        "$4": "10/Oct/2000:13:25:15 -0700",
        "$5": "GET /index.html HTTP/1.0",
        "$status": "404",
        "$size": "1534",
    }


def test_properties_are_extracted_by_selector():
    assert patterns.compile("{ $.count > 1 && $.eventType = * }").match(json.dumps(EVENT)) == {
        "$.count": "12.5",
        "$.eventType": "UpdateTrail",
    }


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.a = }",
        "{ $.a }",
        "{ a = 1 }",
        "{ ($.a = 1 }",
        "{ $.a > x }",
        "{}",
        '"open',
        "%(a)%",
        "[..., a, ...]",
        "[a = ]",
        "[a = 1 && b = 2]",
        "{ $.a = %a% || $.b = %b% || $.c = %c% }",
        "a:b",
        "{ $.a IS 1 }",
        "%[%",
        "{ " + "(" * 1000 + " }",
    ],
)
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(patterns.InvalidPattern):
        patterns.compile(pattern)


@given(st.lists(WORDS, min_size=1, max_size=4), st.lists(WORDS, max_size=4))
def test_terms_are_all_in_what_they_match_and_none_that_is_excluded(wanted, words):
    message = " ".join(words)
    assert matches(" ".join(wanted), message) is all(word in message for word in wanted)
    assert matches(" ".join(f"-{word}" for word in wanted), message) is not any(word in message for word in wanted)
    assert matches(" ".join(f"?{word}" for word in wanted), message) is any(word in message for word in wanted)


@given(st.lists(WORDS, min_size=1, max_size=6), st.data())
def test_an_event_matches_the_fields_that_it_has(words, data):
    fields = [f"f{nth} = {word}" for nth, word in enumerate(words)]
    start = data.draw(st.integers(0, len(words)))
    end = data.draw(st.integers(start, len(words)))
    pattern = [*fields[:start], "...", *fields[end:]]
    assert matches(f"[{', '.join(fields)}]", " ".join(words))
    assert matches(f"[{', '.join(pattern)}]", " ".join(words))


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_numbers_are_compared_as_numbers(value, limit):
    for operator, holds in (
        ("<", value < limit),
        (">=", value >= limit),
        ("=", value == limit),
        ("!=", value != limit),
    ):
        assert matches(f"{{ $.n {operator} {limit!r} }}", {"n": value}) is holds


@given(st.text(max_size=30))
def test_any_text_is_a_pattern_or_refused_as_one(text):
    try:
        patterns.compile(text).match("some event")
    except patterns.InvalidPattern:
        pass
