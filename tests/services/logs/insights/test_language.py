"""What queries say: commands, expressions, functions, over rows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.logs.insights.commands import Inputs
from fogbank.services.logs.insights.query import parse, run
from fogbank.services.logs.insights.tokens import MalformedQuery
from tests.services.logs.insights.conftest import rows

LATENCIES = [{"path": "/a", "latency": nth} for nth in range(1, 101)] + [{"path": "/b", "latency": 7}]
LEVELS = [{"level": "info", "n": 1}, {"level": "error", "n": 5}, {"n": 9}, "START of it"]

# -- what is shown


def test_a_query_shows_time_and_message_of_events_unless_it_says_more(ask):
    assert ask("filter level = 'info'", LEVELS) == [
        {"@timestamp": "2023-11-14 22:13:20.000", "@message": '{"level": "info", "n": 1}', "@ptr": "0"}
    ]


def test_the_newest_events_come_first(column):
    assert column("n", "fields n", [{"n": 1}, {"n": 2}, {"n": 3}]) == ["3", "2", "1"]


def test_fields_add_up_and_display_replaces_them(ask):
    assert ask("fields n | fields level, n * 2 as twice", LEVELS[:1]) == [
        {"n": "1", "level": "info", "twice": "2", "@ptr": "0"}
    ]
    assert ask("fields n, level | display level", LEVELS[:1]) == [{"level": "info", "@ptr": "0"}]


def test_what_is_not_there_is_left_out_of_its_row(ask):
    assert ask("fields level", LEVELS[2:3]) == [{"@ptr": "0"}]


def test_an_expression_without_a_name_is_called_as_it_is_written(ask):
    assert ask("fields n  *2", LEVELS[:1]) == [{"n  *2": "2", "@ptr": "0"}]


def test_comments_and_line_breaks_are_no_part_of_a_query(column):
    assert column("n", "# all\nfields n # the number\n| filter level = 'info'", LEVELS) == ["1"]


def test_limit_takes_the_first_rows(column):
    assert column("n", "fields n | sort n asc | limit 2", LEVELS[:3]) == ["1", "5"]


def test_a_limit_of_the_query_counts_more_than_that_of_the_request():
    found = run(parse("fields n | limit 3"), rows(LATENCIES), Inputs(), most=2).rows
    assert len(found) == 3
    assert len(run(parse("fields n"), rows(LATENCIES), Inputs(), most=2).rows) == 2


# -- filter


@pytest.mark.parametrize(
    "condition, found",
    [
        ("n >= 5", ["9", "5"]),
        ("n = 5", ["5"]),
        ("n = '5'", ["5"]),
        ("level != 'info'", ["9", "5"]),
        ("level in ['info', 'warn']", ["1"]),
        ("level not in ['info', 'warn']", ["9", "5"]),
        ("level like /^err/", ["5"]),
        ("level =~ /^err/", ["5"]),
        ("level like 'rro'", ["5"]),
        ("level not like 'rro'", ["9", "1"]),
        ("not level like 'rro'", ["9", "1"]),
        ("ispresent(level) and n > 1", ["5"]),
        ("n = 1 or n = 5 and level = 'error'", ["5", "1"]),
        ("(n = 1 or n = 5) and level = 'error'", ["5"]),
        ("n * 2 + 1 > 10 ", ["9", "5"]),
        ("@message like /(?i)ERROR/", ["5"]),
        ('`level` = "error"', ["5"]),
        ("-n < -4", ["9", "5"]),
        ("2 ^ n = 32", ["5"]),
        ("n % 4 = 1", ["9", "5", "1"]),
    ],
)
def test_conditions(column, condition, found):
    assert column("n", f"fields n | filter {condition}", LEVELS[:3]) == found


def test_a_true_of_json_is_1_and_true(column):
    events = [{"ok": True, "n": 1}, {"ok": False, "n": 2}]
    assert column("n", "fields n | filter ok = 1", events) == ["1"]
    assert column("n", "fields n | filter ok = true", events) == ["1"]
    assert column("ok", "fields ok", events) == ["0", "1"]


def test_a_column_of_stats_is_filtered_by_its_name(column):
    assert column("path", "stats count(*) by path | filter count(*) > 1", LATENCIES) == ["/a"]


# -- parse


def test_a_glob_takes_what_its_wildcards_stand_for(ask):
    found = ask(
        "parse @message 'user=*, took * ms' as user, took | display user, took", ["user=ann, took 12 ms", "none"]
    )
    assert found == [{"@ptr": "1"}, {"user": "ann", "took": "12", "@ptr": "0"}]


def test_a_regular_expression_takes_its_named_groups(ask):
    found = ask(r"parse @message /user=(?<user>\w+)/ | display user", ["user=ann, took 12 ms"])
    assert found == [{"user": "ann", "@ptr": "0"}]


def test_the_last_wildcard_takes_the_rest(column):
    assert column("rest", "parse '[*] *' as level, rest", ["[INFO] all of it: a b"]) == ["all of it: a b"]


def test_what_was_parsed_is_compared_as_a_number(column):
    assert column("took", "parse 'took *' as took | filter took > 9", ["took 10", "took 9"]) == ["10"]


def test_as_many_names_as_wildcards_are_needed():
    with pytest.raises(MalformedQuery, match="number of aliases"):
        parse("parse '* and *' as one")


# -- stats


def test_percentiles_and_counts_by_path(ask):
    query = "stats pct(latency, 50) as p50, avg(latency), max(latency), min(latency), sum(latency), count() by path"
    assert ask(f"{query} | sort path asc", LATENCIES) == [
        {
            "path": "/a",
            "p50": "50.5",
            "avg(latency)": "50.5",
            "max(latency)": "100",
            "min(latency)": "1",
            "sum(latency)": "5050",
            "count()": "100",
        },
        {
            "path": "/b",
            "p50": "7",
            "avg(latency)": "7",
            "max(latency)": "7",
            "min(latency)": "7",
            "sum(latency)": "7",
            "count()": "1",
        },
    ]


def test_bins_are_shown_as_dates_and_sorted_by_their_name(ask):
    assert ask("stats count(*) as n by bin(5m) | sort bin(5m) asc", ["a"] * 4) == [
        {"bin(5m)": "2023-11-14 22:10:00.000", "n": "2"},
        {"bin(5m)": "2023-11-14 22:15:00.000", "n": "2"},
    ]


@pytest.mark.parametrize(
    "period, start",
    [
        ("30s", "2023-11-14 22:13:00.000"),
        ("1 hour", "2023-11-14 22:00:00.000"),
        ("2hrs", "2023-11-14 22:00:00.000"),
        ("1d", "2023-11-14 00:00:00.000"),
        ("1w", "2023-11-13 00:00:00.000"),
        ("1mo", "2023-11-01 00:00:00.000"),
        ("1q", "2023-10-01 00:00:00.000"),
        ("1y", "2023-01-01 00:00:00.000"),
    ],
)
def test_periods_have_many_names(column, period, start):
    assert column("b", f"fields bin({period}) as b", ["a"]) == [start]


def test_counts_are_of_rows_of_values_and_of_different_values(ask):
    query = "stats count(*) as all, count(level) as levels, count_distinct(level) as different"
    assert ask(query, [*LEVELS, {"level": "info"}]) == [{"all": "5", "levels": "3", "different": "2"}]


def test_first_and_last_by_time_and_by_order(ask):
    query = "stats earliest(x) as a, latest(x) as b, sortsFirst(x) as c, sortsLast(x) as d"
    assert ask(query, [{"x": "m"}, {"x": "z"}, {"x": "a"}]) == [{"a": "m", "b": "a", "c": "a", "d": "z"}]


def test_aggregates_are_calculated_with(ask):
    assert ask("stats sum(n) / count(n) as mean, ceil(avg(n) + 0.1) as up, stddev(n) as s", LEVELS) == [
        {"mean": "5", "up": "6", "s": "3.266"}
    ]


def test_columns_are_calculated_from_those_before_them(ask):
    query = "stats max(n) as most, min(n) as least, most - least as between"
    assert ask(query, LEVELS) == [{"most": "9", "least": "1", "between": "8"}]


def test_stats_follow_upon_stats(ask):
    assert ask("stats count(*) as n by path | stats max(n) as most", LATENCIES) == [{"most": "100"}]


def test_stats_of_nothing_are_nothing(ask):
    assert ask("filter path = '/c' | stats count(*)", LATENCIES) == []


# -- sort, dedup, unnest


def test_the_order_is_natural(column):
    events = [{"x": "item10"}, {"x": "item9"}, {"x": 3}, {"x": "20"}, {"x": "abc"}, {}]
    assert column("x", "fields x | sort x asc", events) == [None, "abc", "item9", "item10", "3", "20"]


def test_sort_may_say_by(column):
    assert column("n", "fields n | sort by n desc", LEVELS[:3]) == ["9", "5", "1"]


def test_rows_are_sorted_by_several_expressions(ask):
    events = [{"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 2}]
    found = ask("fields a, b | sort a desc, b asc", events)
    assert [(row["a"], row["b"]) for row in found] == [("2", "1"), ("1", "1"), ("1", "2")]


def test_dedup_keeps_the_first_of_those_that_are_alike_and_all_without_a_value(column):
    events = [{"s": "a", "n": 1}, {"s": "a", "n": 2}, {"n": 3}, {"n": 4}]
    assert column("n", "fields n | dedup s", events) == ["4", "3", "2"]


def test_unnest_makes_a_row_of_each_item(ask):
    query = "fields jsonParse(@message) as j | unnest j.events into event | display event.name"
    assert ask(query, [{"events": [{"name": "x"}, {"name": "y"}]}]) == [
        {"event.name": "x", "@ptr": "0"},
        {"event.name": "y", "@ptr": "0"},
    ]


# -- patterns, lookups, joins


def test_events_that_differ_in_numbers_share_a_pattern(ask):
    assert ask("pattern @message", ["user 12 came", "user 13 came", "ERROR at 10.0.0.1"]) == [
        {"@pattern": "user <Number-1> came", "@ratio": "0.6667", "@sampleCount": "2"},
        {"@pattern": "ERROR at <IPAddress-1>", "@ratio": "0.3333", "@sampleCount": "1", "@severityLabel": "Error"},
    ]


def test_lookup_adds_columns_of_a_table(ask):
    inputs = Inputs({"users": [{"id": "1", "name": "Ann", "team": "a"}]})
    found = ask(
        "fields user | lookup users id as user OUTPUT name, team as t", [{"user": 1}, {"user": 2}], inputs=inputs
    )
    assert found == [{"user": "2", "@ptr": "1"}, {"user": "1", "name": "Ann", "t": "a", "@ptr": "0"}]


@pytest.mark.parametrize("kind, ids", [("inner", ["1"]), ("left", ["2", "1"])])
def test_joins_bring_rows_of_two_sources_together(ask, kind, ids):
    inputs = Inputs({}, {0: rows([{"rid": "1", "took": 3}, {"rid": "2", "took": 1}])})
    found = ask(
        f"join type={kind} left=api right=fn where api.id=fn.rid (SOURCE '/fn' | filter took > 1) | fields api.id, fn.took",
        [{"id": "1"}, {"id": "2"}],
        inputs=inputs,
    )
    assert [row["api.id"] for row in found] == ids
    assert found[-1]["fn.took"] == "3"


@pytest.mark.parametrize("sign, ids", [("in", ["2"]), ("not in", ["3", "1"])])
def test_fields_are_looked_for_in_the_result_of_another_query(column, sign, ids):
    failures = [{"id": 1, "status": "FAILED"}, *([{"id": 2, "status": "FAILED"}] * 2), {"id": 3, "status": "OK"}]
    inner = "SOURCE '/pay' | filter status = 'FAILED' | stats count(*) as n by id | filter n > 1 | fields id"
    inputs = Inputs({}, {0: rows(failures)})
    assert (
        column("id", f"filter id {sign} ({inner}) | fields id", [{"id": "1"}, {"id": "2"}, {"id": "3"}], inputs=inputs)
        == ids
    )


# -- functions


@pytest.mark.parametrize(
    "expression, value",
    [
        ("isempty('')", "1"),
        ("isblank(' ')", "1"),
        ("concat('a', 1, 'b')", "a1b"),
        ("ltrim('  a ')", "a "),
        ("rtrim('axx', 'x')", "a"),
        ("trim(' a ')", "a"),
        ("strlen('abc')", "3"),
        ("toupper('abc')", "ABC"),
        ("tolower('ABC')", "abc"),
        ("substr('xyZfooxyZ', 3, 4)", "foox"),
        ("replace('foo', 'o', '0')", "f00"),
        ("strcontains('foobar', 'bar')", "1"),
        ("abs(-2)", "2"),
        ("ceil(1.2)", "2"),
        ("floor(1.8)", "1"),
        ("greatest(1, 3, 2)", "3"),
        ("least(3, 1, 2)", "1"),
        ("log(1)", "0"),
        ("sqrt(16)", "4"),
        ("10 % 3", "1"),
        ("7 / 2", "3.5"),
        ("2 ^ 0.5 * 2 ^ 0.5 > 1.99", "1"),
        ("9 ^ 9999 ^ 9999", None),
        ("9999999999 * 9999999999", "99999999980000000001"),
        ("datefloor(10 ^ 30, 1mo)", None),
        ("fromMillis(10 ^ 15 * 9)", "9000000000000000"),
        ("1 / 0", None),
        ("2 + 3 * 4", "14"),
        ("fromMillis(1700000000000)", "2023-11-14 22:13:20.000"),
        ("toMillis(@timestamp)", "1700000000000"),
        ("datefloor(@timestamp, 1h)", "2023-11-14 22:00:00.000"),
        ("dateceil(@timestamp, 1h)", "2023-11-14 23:00:00.000"),
        ("coalesce(nothing, 'x')", "x"),
        ("isValidIp('10.0.0.1')", "1"),
        ("isValidIpV6('10.0.0.1')", "0"),
        ("isIpv4InSubnet('10.1.2.3', '10.1.0.0/16')", "1"),
        ("isIpInSubnet('fe80::1', '10.1.0.0/16')", "0"),
        ("jsonStringify(jsonParse('{\"a\": [1]}'))", '{"a":[1]}'),
        ("if(1 > 2, 'a', 'b')", "b"),
        ("@timestamp - 1", "1699999999999"),
    ],
)
def test_functions(column, expression, value):
    assert column("x", f"fields {expression} as x", ["event"]) == [value]


# -- refusals


@pytest.mark.parametrize(
    "query, message, at",
    [
        ("fields @timestamp | bogus x", "unexpected symbol found bogus at line 1 and position 20", 20),
        ("filter level =", "unexpected end of the query", 14),
        ("fields a b", "unexpected symbol found b", 9),
        ("fields foo(1)", "unknown function foo", 7),
        ("fields abs()", "invalid number of arguments for function abs", 7),
        ("filter count(*) > 1", "aggregate function count is not allowed here", 7),
        ("stats latency by path", "expected an aggregate function", 14),
        ("stats pct(latency, 101)", "expected a percentage", 19),
        ("filter a like /(/", "invalid regular expression", 14),
        ("filter a like /x", "a regular expression is not closed", 14),
        ("limit 0", "the limit has to be between", 6),
        ("fields @timestamp\n| fields ;", "line 2 and position 9", 27),
        ("fields 'a", "unexpected symbol found '", 7),
        ("filter " + "(" * 5000, "nested too deeply", 0),
        ("diff previousDay", "does not implement the command diff", 0),
    ],
)
def test_what_is_no_query_is_refused_and_located(query, message, at):
    with pytest.raises(MalformedQuery) as raised:
        parse(query)
    assert message in raised.value.message
    assert raised.value.at == at


def is_a_query_or_malformed(text):
    try:
        run(parse(text), rows(["a 1", '{"b": [1, {"c": null}]}']), Inputs())
    except MalformedQuery:
        return True
    return True


@given(st.text(max_size=60))
def test_any_text_is_a_query_or_malformed(text):
    assert is_a_query_or_malformed(text)


_WORDS = [
    "fields",
    "filter",
    "stats",
    "sort",
    "parse",
    "by",
    "as",
    "|",
    "a",
    "@message",
    "count(*)",
    "avg(a)",
    "bin(5m)",
]
_WORDS += [
    "'x'",
    "/x(?<y>.)/",
    "1",
    "2.5",
    "=",
    "<",
    "like",
    "in",
    "[1, 2]",
    "and",
    "not",
    "(",
    ")",
    ",",
    "+",
    "-",
    "*",
    "/",
]


@given(st.lists(st.sampled_from(_WORDS), max_size=14))
def test_any_words_are_a_query_or_malformed(words):
    assert is_a_query_or_malformed(" ".join(words))


_NUMBERS = st.integers(-1000, 1000)


@given(_NUMBERS, _NUMBERS, _NUMBERS)
def test_arithmetic_is_that_of_numbers(a, b, c):
    (row,) = run(parse("fields a + b * c - (a - b) as x"), rows([{"a": a, "b": b, "c": c}]), Inputs()).rows
    assert dict(row)["x"] == str(a + b * c - (a - b))


@given(st.lists(st.tuples(st.sampled_from("abc"), _NUMBERS), min_size=1, max_size=30))
def test_sums_by_group_add_up_to_the_whole(pairs):
    events = [{"g": group, "n": number} for group, number in pairs]
    found = [dict(row) for row in run(parse("stats sum(n) as s, count(*) as c by g"), rows(events), Inputs()).rows]
    assert sum(int(row["s"]) for row in found) == sum(number for _, number in pairs)
    assert sum(int(row["c"]) for row in found) == len(pairs)
    assert len({row["g"] for row in found}) == len(found)


@given(st.lists(st.one_of(st.none(), _NUMBERS, st.text("ab12", max_size=5)), max_size=20))
def test_sorting_loses_nothing_and_falling_is_rising_reversed(values):
    events = [{"x": value} for value in values]
    rising = [dict(row).get("x") for row in run(parse("fields x | sort x asc"), rows(events), Inputs()).rows]
    falling = [dict(row).get("x") for row in run(parse("fields x | sort x desc"), rows(events), Inputs()).rows]
    assert sorted(map(str, rising)) == sorted(str(value) for value in values)
    assert len(falling) == len(rising)
