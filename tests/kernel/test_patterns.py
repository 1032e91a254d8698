"""The language of event patterns: what fits, and what is no pattern."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.kernel import patterns
from fogbank.kernel.patterns import InvalidPattern


def fits(pattern, event, **options):
    return patterns.compile(json.dumps(pattern), **options)(event)


def reason(pattern):
    with pytest.raises(InvalidPattern) as refused:
        patterns.compile(pattern if isinstance(pattern, str) else json.dumps(pattern))
    return str(refused.value)


# -- fields


def test_all_fields_have_to_fit():
    pattern = {"source": ["shop"], "detail": {"state": ["open", "paid"]}}
    assert fits(pattern, {"source": "shop", "detail": {"state": "paid"}})
    assert not fits(pattern, {"source": "shop", "detail": {"state": "lost"}})
    assert not fits(pattern, {"source": "store", "detail": {"state": "paid"}})
    assert not fits(pattern, {"source": "shop"})
    assert not fits(pattern, {"source": "shop", "detail": "paid"})


def test_an_array_fits_when_one_of_its_values_does():
    assert fits({"tags": ["b"]}, {"tags": ["a", "b"]})
    assert fits({"tags": ["b"]}, {"tags": [["a"], ["b"]]})
    assert not fits({"tags": ["b"]}, {"tags": []})


def test_one_element_of_an_array_of_objects_has_to_fit_as_a_whole():
    pattern = {"people": {"first": ["Anna"], "last": ["Blum"]}}
    assert fits(pattern, {"people": [{"first": "Anna", "last": "Blum"}, {"first": "Carl"}]})
    assert not fits(pattern, {"people": [{"first": "Anna", "last": "Dorn"}, {"first": "Carl", "last": "Blum"}]})


@pytest.mark.parametrize("value", [True, False, None, 0, 1, "", "1"])
def test_values_of_different_types_are_different(value):
    assert [other for other in (True, False, None, 0, 1, "", "1") if fits({"x": [value]}, {"x": other})] == [value]


def test_numbers_are_equal_by_value():
    assert fits({"x": [300]}, {"x": 300.0})
    assert fits({"x": [3.0e2]}, {"x": 300})


# -- operators


@pytest.mark.parametrize(
    "expression, fitting, others",
    [
        ({"prefix": "us-"}, ["us-east-1", "us-"], ["eu-us-", "US-east-1", 5, None]),
        ({"prefix": {"equals-ignore-case": "us-"}}, ["US-east-1"], ["eu-us-"]),
        ({"suffix": ".png"}, ["a.png"], ["a.PNG", "png"]),
        ({"suffix": {"equals-ignore-case": ".png"}}, ["a.PNG"], ["png"]),
        ({"equals-ignore-case": "Shop"}, ["shop", "SHOP"], ["shops"]),
        ({"exactly": "shop"}, ["shop"], ["Shop"]),
        ({"wildcard": "a*b*c"}, ["abc", "a1b\n2c", "abbcc"], ["ab", "xabc", "abcx"]),
        ({"wildcard": r"a\*\\*"}, ["a*\\", "a*\\b"], ["ab\\", "a**"]),
        ({"anything-but": "a"}, ["b", 1, None, True], ["a"]),
        ({"anything-but": ["a", "b"]}, ["c", ["a", "c"]], ["a", "b", ["a", "b"]]),
        ({"anything-but": [1, 2.5]}, [3, "1", True], [1.0, 2.5]),
        ({"anything-but": {"prefix": "a"}}, ["b", 7], ["ab"]),
        ({"anything-but": {"prefix": ["a", "b"]}}, ["cb"], ["ab", "ba"]),
        ({"anything-but": {"suffix": ["a", "b"]}}, ["bc"], ["ab", "ba"]),
        ({"anything-but": {"equals-ignore-case": ["a", "b"]}}, ["c"], ["A", "b"]),
        ({"anything-but": {"wildcard": ["*/lib/*"]}}, ["/usr/bin"], ["/usr/lib/x"]),
        ({"numeric": ["=", 5]}, [5, 5.0], [5.1, "5", True]),
        ({"numeric": [">", 0, "<=", 5]}, [0.1, 5], [0, 5.1, -1]),
        ({"numeric": [">=", 1, "<", 2]}, [1, 1.9], [2, 0]),
        ({"numeric": ["<", -1]}, [-2], [-1, 0]),
        ({"exists": True}, ["x", None, 0, ["x"]], [{"y": 1}, []]),
        ({"exists": False}, [{"y": 1}, []], ["x", None]),
        ({"cidr": "10.0.0.0/24"}, ["10.0.0.0", "10.0.0.255"], ["10.0.1.0", "x", "2001:db8::1", 10]),
        ({"cidr": "2001:db8::/32"}, ["2001:db8::1"], ["2001:db9::1"]),
    ],
)
def test_operator(expression, fitting, others):
    for value in fitting:
        assert fits({"x": [expression]}, {"x": value}), value
    for value in others:
        assert not fits({"x": [expression]}, {"x": value}), value


def test_an_absent_field_fits_only_what_is_to_be_absent():
    assert fits({"x": [{"exists": False}]}, {})
    assert fits({"x": {"y": [{"exists": False}]}}, {})
    assert fits({"x": [{"exists": False}, "a"]}, {"x": "a"})
    assert not fits({"x": [{"anything-but": "a"}]}, {})
    assert not fits({"x": [None]}, {})


def test_a_field_is_absent_of_an_array_when_no_element_has_it():
    pattern = {"x": {"y": [{"exists": False}]}}
    assert not fits(pattern, {"x": [{"y": 1}, {"z": 1}]})
    assert fits(pattern, {"x": [{"z": 1}, {"z": 2}]})


# -- $or


def test_one_alternative_has_to_fit():
    pattern = {"source": ["shop"], "$or": [{"a": [1]}, {"b": [2], "c": [3]}]}
    assert fits(pattern, {"source": "shop", "a": 1})
    assert fits(pattern, {"source": "shop", "b": 2, "c": 3})
    assert not fits(pattern, {"source": "shop", "b": 2})
    assert not fits(pattern, {"a": 1})


def test_alternatives_may_be_nested():
    pattern = {"detail": {"$or": [{"a": [1]}, {"$or": [{"b": [2]}, {"c": {"d": [3]}}]}]}}
    assert fits(pattern, {"detail": {"c": {"d": 3}}})
    assert not fits(pattern, {"detail": {"c": {"d": 4}}})


def test_a_pattern_knows_for_how_many_without_alternatives_it_stands():
    pattern = {"$or": [{"a": [1]}, {"b": [2]}], "detail": {"$or": [{"a": [1]}, {"b": [2]}, {"c": [3]}]}}
    assert patterns.compile(json.dumps(pattern)).combinations == 6


def test_a_pattern_knows_the_texts_that_a_field_may_have():
    compiled = patterns.compile('{"source": ["a", "b"], "detail-type": ["x", {"prefix": "y"}]}')
    assert compiled.strings("source") == {"a", "b"}
    assert compiled.strings("detail-type") is None
    assert compiled.strings("account") is None


# -- what is no pattern


def test_a_refusal_says_where():
    text = '{"source":"aws.ec2"}'
    assert reason(text) == (
        f'"source" must be an object or an array\n at [Source: (String)"{text}"; line: 1, column: 12]'
    )


def test_a_refusal_shows_the_beginning_of_a_long_pattern():
    text = json.dumps({"x" * 600: 1})
    assert f'(String)"{text[:500]}"[truncated {len(text) - 500} chars]; line: 1' in reason(text)


@pytest.mark.parametrize(
    "pattern, expected",
    [
        ("", "Unexpected end-of-input"),
        ("{'a': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name"),
        ('"x"', "Filter is not an object"),
        ({}, "Empty objects are not allowed"),
        ({"a": {}}, "Empty objects are not allowed"),
        ({"a": []}, "Empty arrays are not allowed"),
        ({"a": 1}, '"a" must be an object or an array'),
        ({"a": [[1]]}, "Match value must be String, number, true, false, or null"),
        ({"a": [{}]}, "Match expression name not found"),
        ({"a": [{"like": "x"}]}, "Unrecognized match type like"),
        ({"a": [{"prefix": "x", "suffix": "y"}]}, "Only one key allowed in match expression"),
        ({"a": [{"prefix": 1}]}, "prefix match pattern must be a string"),
        ({"a": [{"prefix": {"x": "y"}}]}, "Unsupported prefix pattern: x"),
        ({"a": [{"exists": "yes"}]}, "exists match pattern must be either true or false."),
        ({"a": [{"wildcard": "a**"}]}, "Consecutive wildcard characters at pos 2"),
        ({"a": [{"wildcard": "\\a"}]}, "Invalid escape character at pos 1"),
        ({"a": [{"cidr": "10.0.0.0"}]}, "Malformed CIDR, one '/' required"),
        ({"a": [{"cidr": "10.0.0.0/x"}]}, "Malformed CIDR, mask bits must be an integer"),
        ({"a": [{"cidr": "10.0.0.0/33"}]}, "IPv4 mask bits must be < 33"),
        ({"a": [{"cidr": "ten/8"}]}, "Nonstandard IP address: ten"),
        ({"a": [{"anything-but": None}]}, "Value of anything-but must be an array or single string/number value."),
        ({"a": [{"anything-but": []}]}, "Inside anything but list, either all values are number or string"),
        ({"a": [{"anything-but": ["x", 1]}]}, "Inside anything but list, either all values are number or string"),
        ({"a": [{"anything-but": [True]}]}, "Inside anything but list, start|null|boolean is not supported."),
        ({"a": [{"anything-but": {"numeric": ["=", 1]}}]}, "Unsupported anything-but pattern: numeric"),
        ({"a": [{"anything-but": {"prefix": ""}}]}, "Null prefix/suffix not allowed"),
        ({"a": [{"anything-but": {"prefix": [1]}}]}, "prefix/suffix match pattern must be a string"),
        ({"a": [{"numeric": 1}]}, "Value of numeric must be an array."),
        ({"a": [{"numeric": []}]}, "Invalid member in numeric match: ]"),
        ({"a": [{"numeric": [1]}]}, "Invalid member in numeric match: 1"),
        ({"a": [{"numeric": ["~", 1]}]}, "Unrecognized numeric range operator: ~"),
        ({"a": [{"numeric": ["=", "1"]}]}, "Value of equals must be numeric"),
        ({"a": [{"numeric": [">"]}]}, "Value of > must be numeric"),
        ({"a": [{"numeric": ["<", 1, ">", 0]}]}, "Too many elements in numeric expression"),
        ({"a": [{"numeric": [">", 1, ">", 0]}]}, "Bad numeric range operator: >"),
        ({"a": [{"numeric": [">", 1, "<", 2, 3]}]}, "Too many terms in numeric range expression"),
        ({"a": [{"numeric": [">", 2, "<", 1]}]}, "Bottom must be less than top"),
        ({"a": [{"numeric": [">", 6e9]}]}, "Value must be between -5.0E9 and 5.0E9, inclusive"),
        ({"$or": {}}, "It must be an Array followed with $or."),
        ({"$or": [{"a": [1]}]}, "There must have at least 2 Objects in $or relationship."),
        ({"$or": [{"a": [1]}, 2]}, "Only JSON object is allowed in array of $or relationship."),
        ({"$or": [{"a": [1]}, {"prefix": [1]}]}, "prefix is Ruler reserved fieldName which cannot be used inside $or."),
    ],
)
def test_refused(pattern, expected):
    assert expected in reason(pattern)


def test_a_dialect_refuses_what_it_does_not_know():
    with pytest.raises(InvalidPattern, match="Unrecognized match type wildcard"):
        patterns.compile('{"a": [{"wildcard": "*"}]}', patterns.PIPES)
    with pytest.raises(InvalidPattern, match="Unsupported anything-but pattern: prefix"):
        patterns.compile('{"a": [{"anything-but": {"prefix": "x"}}]}', patterns.PIPES)


# -- properties

values = st.one_of(st.text(max_size=3), st.integers(-9, 9), st.booleans(), st.none())
events = st.dictionaries(st.sampled_from("abc"), st.one_of(values, st.lists(values, max_size=3)), max_size=3)


@given(events, st.sampled_from("abc"), values)
def test_a_value_fits_its_name_and_nothing_else(event, field, value):
    present = event.get(field, [])
    present = present if isinstance(present, list) else [present]
    expected = any(type(each) is type(value) and each == value for each in present)
    assert fits({field: [value]}, event) == expected


@given(events, st.sampled_from("abc"))
def test_a_field_is_either_absent_or_present(event, field):
    assert fits({field: [{"exists": True}]}, event) != fits({field: [{"exists": False}]}, event)


@given(st.text(alphabet="ab*", max_size=6).filter(lambda text: "**" not in text), st.text(alphabet="ab", max_size=6))
def test_a_wildcard_fits_what_its_parts_can_be_found_in(pattern, value):
    def found(parts, rest):
        if len(parts) == 1:
            return rest == parts[0]
        head, tail = parts[0], parts[1:]
        return rest.startswith(head) and any(found(tail, rest[at:]) for at in range(len(head), len(rest) + 1))

    assert fits({"x": [{"wildcard": pattern}]}, {"x": value}) == found(pattern.split("*"), value)


@given(st.text(max_size=40))
def test_any_text_is_a_pattern_or_refused(text):
    try:
        patterns.compile(text)
    except InvalidPattern:
        pass
