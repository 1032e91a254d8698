"""The expression language by itself: what it means, against plain Python, and what is wrong with an expression."""

from __future__ import annotations

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.kernel.errors import AWSError
from fogbank.services.dynamodb import expressions, values
from fogbank.services.dynamodb.expressions.scope import reserved_words

# -- conditions against a reference: items are {name: (type, Python value)}

NAMES = ["aa", "bb", "cc"]
TYPED = st.one_of(
    st.tuples(st.just("S"), st.sampled_from(["", "a", "ab", "b", "é"])),
    st.tuples(st.just("N"), st.sampled_from([-1, 0, 1, 2, 10, 0.5])),
    st.tuples(st.just("BOOL"), st.booleans()),
    st.tuples(st.just("SS"), st.frozensets(st.sampled_from("abc"), min_size=1)),
)
ITEMS = st.dictionaries(st.sampled_from(NAMES), TYPED)
ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def document(typed):
    kind, value = typed
    if kind == "N":
        return {"N": str(value)}
    return {kind: sorted(value) if kind == "SS" else value}


def mark_of(typed):
    """A placeholder for a value: the same for the same value, another for another."""
    return f":v{repr(document(typed)).encode().hex()}"


@st.composite
def comparisons(draw):
    """A comparison of an attribute with a value: its text, its values, and what it means."""
    name, typed, sign = draw(st.sampled_from(NAMES)), draw(TYPED), draw(st.sampled_from(["=", "<>", *ORDERS]))
    if sign in ORDERS and typed[0] not in ("S", "N"):
        sign = "="
    mark = mark_of(typed)

    def meaning(item):
        found = item.get(name)
        if sign in ("=", "<>"):
            return (found == typed) == (sign == "=")
        return found is not None and found[0] == typed[0] and ORDERS[sign](found[1], typed[1])

    return f"{name} {sign} {mark}", {mark: document(typed)}, meaning


@st.composite
def functions(draw):
    name, typed = draw(st.sampled_from(NAMES)), draw(TYPED)
    mark = mark_of(typed)
    if typed[0] != "S":
        return f"attribute_exists({name})", {}, lambda item: name in item

    def begins(item):
        return name in item and item[name][0] == "S" and item[name][1].startswith(typed[1])

    def has(item):
        return name in item and item[name][0] in ("S", "SS") and typed[1] in item[name][1]

    function, meaning = draw(st.sampled_from([("begins_with", begins), ("contains", has)]))
    return f"{function}({name}, {mark})", {mark: document(typed)}, meaning


def _combined(pairs):
    sign, (one, one_values, one_means), (two, two_values, two_means) = pairs
    joined = {
        "AND": lambda item: one_means(item) and two_means(item),
        "OR": lambda item: one_means(item) or two_means(item),
    }
    return f"({one}) {sign} ({two})", {**one_values, **two_values}, joined[sign]


def _denied(part):
    text, used, meaning = part
    return f"NOT ({text})", used, lambda item: not meaning(item)


CONDITIONS = st.recursive(
    st.one_of(comparisons(), functions()),
    lambda inner: st.one_of(
        st.builds(_combined, st.tuples(st.sampled_from(["AND", "OR"]), inner, inner)),
        st.builds(_denied, inner),
    ),
    max_leaves=6,
)


@given(CONDITIONS, ITEMS)
def test_conditions_mean_what_they_mean_in_python(condition, item):
    text, used, meaning = condition
    taken = {name: document(typed) for name, typed in item.items()}
    for value in (*used.values(), *taken.values()):
        values.take_in(value)
    types = tuple((mark, values.type_of(value)) for mark, value in used.items())
    compiled = expressions.condition("ConditionExpression", text, (), types)
    assert compiled.test(taken, used) == bool(meaning(item))


@given(st.lists(st.sampled_from(["AND", "OR"]), min_size=1, max_size=6), st.data())
def test_and_binds_closer_than_or(signs, data):
    flags = [data.draw(st.booleans()) for _ in range(len(signs) + 1)]
    text = " ".join(f"aa = :{str(flag).lower()} {sign}" for flag, sign in zip(flags, [*signs, ""], strict=True)).strip()
    used = {":true": {"S": "x"}, ":false": {"S": "y"}}
    compiled = expressions.condition("ConditionExpression", text, (), ((":true", "S"), (":false", "S")))
    expected = eval(" ".join(f"{flag} {sign.lower()}" for flag, sign in zip(flags, [*signs, ""], strict=True)))
    assert compiled.test({"aa": {"S": "x"}}, used) is expected


# -- updates against a reference: maps of numbers, two levels deep

PATHS = ["aa", "bb", "cc.p", "cc.q", "cc.r"]
NUMBERS = st.dictionaries(st.sampled_from(["aa", "bb"]), st.integers(-9, 9))
MAPS = st.dictionaries(st.sampled_from(["p", "q", "r"]), st.integers(-9, 9))


@given(NUMBERS, MAPS, st.permutations(PATHS), st.lists(st.integers(-9, 9), min_size=5, max_size=5), st.data())
def test_updates_do_what_they_do_in_python(plain, inner, paths, operands, data):
    """Each path is set, added to, counted up from a default, or removed; all operands are read from the item before."""
    before = {**plain, **{f"cc.{name}": value for name, value in inner.items()}}
    after = dict(before)
    sections: dict[str, list[str]] = {"SET": [], "ADD": [], "REMOVE": []}
    used = {}
    for position, (path, operand) in enumerate(zip(paths, operands, strict=True)):
        mark = f":v{position}"
        action = data.draw(st.sampled_from(["set", "add", "count", "remove", "copy"]))
        if action == "remove":
            sections["REMOVE"].append(path)
            after.pop(path, None)
            continue
        used[mark] = {"N": str(operand)}
        if action == "set":
            sections["SET"].append(f"{path} = {mark}")
            after[path] = operand
        elif action == "add":
            sections["ADD"].append(f"{path} {mark}")
            after[path] = before.get(path, 0) + operand
        elif action == "count":
            sections["SET"].append(f"{path} = if_not_exists({path}, {mark}) - {mark}")
            after[path] = before.get(path, operand) - operand
        else:
            other = data.draw(st.sampled_from([name for name in PATHS if name != path]))
            sections["SET"].append(f"{path} = if_not_exists({other}, {mark})")
            after[path] = before.get(other, operand)
    text = " ".join(f"{section} {', '.join(actions)}" for section, actions in sections.items() if actions)
    types = tuple((mark, "N") for mark in used)
    item = _item(before)
    assert expressions.update(text, (), types).apply(item, used) == _item(after)
    assert item == _item(before)


def _item(flat):
    inner = {name[3:]: {"N": str(value)} for name, value in flat.items() if name.startswith("cc.")}
    return {**{name: {"N": str(value)} for name, value in flat.items() if "." not in name}, "cc": {"M": inner}}


# -- what is wrong

VALUES = {
    ":s": {"S": "x"},
    ":n": {"N": "1"},
    ":ten": {"N": "10"},
    ":l": {"L": [{"S": "q"}]},
    ":m": {"M": {}},
    ":ss": {"SS": ["a"]},
    ":ns": {"NS": ["1"]},
    ":t": {"BOOL": True},
    ":z": {"NULL": True},
    ":b": {"B": "YQ=="},
}
TYPES = tuple((mark, values.type_of(value)) for mark, value in VALUES.items())


def refused(compile_it):
    with pytest.raises(AWSError) as caught:
        compile_it()
    assert caught.value.code == "ValidationException"
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "The expression can not be empty;"),
        (" ", 'Syntax error; token: "<EOF>", near: " "'),
        ("aa", 'Syntax error; token: "<EOF>", near: "aa"'),
        ("aa =", 'Syntax error; token: "<EOF>", near: "="'),
        ("aa = ", 'Syntax error; token: "<EOF>", near: "= "'),
        ("(aa = :s", 'Syntax error; token: "<EOF>", near: ":s"'),
        ("aa = :s)", 'Syntax error; token: ")", near: ":s)"'),
        ("aa == :s", 'Syntax error; token: "=", near: "== :s"'),
        ("aa != :s", 'Syntax error; token: "!", near: "aa !="'),
        ("aa IN ()", 'Syntax error; token: ")", near: "()"'),
        ("aa = :s  bb", 'Syntax error; token: "bb", near: ":s  bb"'),
        ("aa AND bb", 'Syntax error; token: "AND", near: "aa AND bb"'),
        ("aa = (bb = cc)", 'Syntax error; token: "=", near: "bb = cc"'),
        ("(aa < :n) = :t", 'Syntax error; token: "=", near: ") = :t"'),
        ("_a = :s", 'Syntax error; token: "_", near: "_a"'),
        ('aa = "x"', 'Syntax error; token: """, near: "= "x"'),
        ("aa[x] = :s", 'Syntax error; token: "x", near: "[x]"'),
        ("aa[00] = :s", 'Syntax error; token: "0", near: "00]"'),
        ("between = :s", 'Syntax error; token: "between", near: "between ="'),
        ("é = :s", 'Syntax error; token: "é", near: "é ="'),
        ("((aa = :s))", "The expression has redundant parentheses;"),
        ("(aa) = ((bb))", "The expression has redundant parentheses;"),
        ("foo(aa)", "Invalid function name; function: foo"),
        ("if_not_exists(aa, :s)", "The function is not allowed in a condition expression; function: if_not_exists"),
        ("size(aa)", "The function is not allowed to be used this way in an expression; function: size"),
        (
            "aa = attribute_exists(bb)",
            "The function is not allowed to be used this way in an expression; function: attribute_exists",
        ),
        ("status = :s", "Attribute name is a reserved keyword; reserved keyword: status"),
        ("aa.Name = :s", "Attribute name is a reserved keyword; reserved keyword: Name"),
        ("aa[99999999999] = :s", "List index is not within the allowable range; index: [99999999999]"),
        ("#q = :s", "An expression attribute name used in the document path is not defined; attribute name: #q"),
        ("aa = :q", "An expression attribute value used in expression is not defined; attribute value: :q"),
        (
            "attribute_exists(:s)",
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
        (
            "attribute_exists(aa, bb)",
            "Incorrect number of operands for operator or function; "
            "operator or function: attribute_exists, number of operands: 2",
        ),
        ("aa < :ss", "Incorrect operand type for operator or function; operator or function: <, operand type: SS"),
        (
            "begins_with(aa, :n)",
            "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
        ),
        (
            "size(:n) > :n",
            "Incorrect operand type for operator or function; operator or function: size, operand type: N",
        ),
        (
            "attribute_type(aa, :s)",
            "Invalid attribute type name found; type: x, valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}",
        ),
        (
            "aa = aa",
            "The first operand must be distinct from the remaining operands for this operator or function; "
            "operator: =, first operand: [aa]",
        ),
        (
            "aa BETWEEN :n AND :s",
            "The BETWEEN operator requires same data type for lower and upper bounds; "
            "lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:x}",
        ),
        (
            "aa BETWEEN :ten AND :n",
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
            "lower bound operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {N:1}",
        ),
        (
            f"aa IN ({', '.join([':s'] * 101)})",
            "The IN operator is provided with too many operands; number of operands: 101",
        ),
        (" AND ".join(["aa = :s"] * 151), "The expression contains too many operators; operator count: 301"),
        ("NOT " * 301 + "aa = :s", "The expression contains too many operators; operator count: 301"),
        ("(" * 2000 + "aa = :s", "The expression contains too many operators; operator count: 301"),
        (
            f"{'.'.join(['aa'] * 33)} = :s",
            "The document path has too many nesting levels; nesting levels: 33",
        ),
        ("aa = :s " + " " * 4096, "Expression size has exceeded the maximum allowed size;"),
    ],
)
def test_wrong_conditions_are_refused_in_aws_words(text, problem):
    message = refused(lambda: expressions.condition("ConditionExpression", text, (), TYPES).check(VALUES))
    assert message == f"Invalid ConditionExpression: {problem}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "The expression can not be empty;"),
        ("SET", 'Syntax error; token: "<EOF>", near: "SET"'),
        ("FOO aa = :s", 'Syntax error; token: "FOO", near: "FOO aa"'),
        ("SET aa = :s,", 'Syntax error; token: "<EOF>", near: ","'),
        ("SET aa = nn - :n - :n", 'Syntax error; token: "-", near: ":n - :n"'),
        ("SET aa = 1", 'Syntax error; token: "1", near: "= 1"'),
        ("REMOVE aa bb", 'Syntax error; token: "bb", near: "aa bb"'),
        ("ADD aa bb", 'Syntax error; token: "bb", near: "aa bb"'),
        ("SET aa = :n SET bb = :n", 'The "SET" section can only be used once in an update expression;'),
        ("SET aa = ((:n + :n))", "The expression has redundant parentheses;"),
        ("SET aa = size(bb)", "The function is not allowed in an update expression; function: size"),
        ("SET aa = IF_NOT_EXISTS(aa, :s)", "Invalid function name; function: IF_NOT_EXISTS"),
        (
            "SET aa = nn + list_append(:l, :l)",
            "The function is not allowed to be used this way in an expression; function: list_append",
        ),
        (
            "SET aa = :n, aa = :n",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
            "path one: [aa], path two: [aa]",
        ),
        (
            "SET aa.bb = :n REMOVE aa.bb.cc",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
            "path one: [aa, bb], path two: [aa, bb, cc]",
        ),
        (
            "SET aa[0] = :n, aa.bb = :n",
            "Two document paths conflict with each other; must remove or rewrite one of these paths; "
            "path one: [aa, [0]], path two: [aa, bb]",
        ),
        (
            "SET aa = :s + :n",
            "Incorrect operand type for operator or function; operator or function: +, operand type: S",
        ),
        (
            "SET aa = list_append(aa, :n)",
            "Incorrect operand type for operator or function; operator or function: list_append, operand type: N",
        ),
        (
            "SET aa = list_append(:l)",
            "Incorrect number of operands for operator or function; "
            "operator or function: list_append, number of operands: 1",
        ),
        (
            "SET aa = if_not_exists(:s, :s)",
            "Operator or function requires a document path; operator or function: if_not_exists",
        ),
        (
            "ADD aa :s",
            "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, "
            "typeSet: ALLOWED_FOR_ADD_OPERAND",
        ),
        (
            "DELETE aa :n",
            "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, "
            "typeSet: ALLOWED_FOR_DELETE_OPERAND",
        ),
    ],
)
def test_wrong_updates_are_refused_in_aws_words(text, problem):
    assert refused(lambda: expressions.update(text, (), TYPES)) == f"Invalid UpdateExpression: {problem}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("aa,", 'Syntax error; token: "<EOF>", near: ","'),
        ("*", 'Syntax error; token: "*", near: "*"'),
        ("size(aa)", 'Syntax error; token: "(", near: "size(aa"'),
        (":s", 'Syntax error; token: ":s", near: ":s"'),
        ("year", "Attribute name is a reserved keyword; reserved keyword: year"),
        (
            "aa, aa.bb",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
            "path one: [aa], path two: [aa, bb]",
        ),
    ],
)
def test_wrong_projections_are_refused_in_aws_words(text, problem):
    assert refused(lambda: expressions.projection(text, ())) == f"Invalid ProjectionExpression: {problem}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pk = :s OR sk = :n", "Invalid operator used in KeyConditionExpression: OR"),
        ("NOT pk = :s", "Invalid operator used in KeyConditionExpression: NOT"),
        ("pk <> :s", "Invalid operator used in KeyConditionExpression: <>"),
        ("pk = :s AND sk IN (:n)", "Invalid operator used in KeyConditionExpression: IN"),
        ("pk = :s AND contains(sk, :s)", "Invalid operator used in KeyConditionExpression: contains"),
        ("pk = :s AND size(sk) = :n", "KeyConditionExpressions cannot contain nested operations"),
        ("pk = :s AND pk = :s", "KeyConditionExpressions must only contain one condition per key"),
        ("pk = sk", "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"),
        (":s = :s", "Invalid condition in KeyConditionExpression: No key attribute specified"),
        (
            "pk = :s AND :n BETWEEN :n AND sk",
            "Invalid condition in KeyConditionExpression: BETWEEN operator must have the key attribute as its first operand",
        ),
    ],
)
def test_wrong_key_conditions_are_refused_in_aws_words(text, message):
    assert refused(lambda: expressions.key_condition(text, (), TYPES)) == message


def test_all_573_reserved_words_are_refused_in_any_case():
    assert len(reserved_words()) == 573
    for word in reserved_words() - {"AND", "OR", "NOT", "IN", "BETWEEN", "SET", "ADD", "DELETE"}:
        for spelling in (word, word.lower()):
            message = refused(lambda spelling=spelling: expressions.projection(spelling, ()))
            assert message.endswith(f"Attribute name is a reserved keyword; reserved keyword: {spelling}")


def test_a_condition_nested_as_deep_as_anyone_writes_is_taken():
    text = "NOT (aa = :s AND " * 99 + "aa = :s" + ")" * 99
    compiled = expressions.condition("ConditionExpression", text, (), ((":s", "S"),))
    assert compiled.test({}, {":s": {"S": "x"}}) in (True, False)


def test_a_mirrored_key_condition_is_turned_around():
    terms = expressions.key_condition("pk = :s AND :n < sk", (), TYPES).terms
    assert [(term.name, term.operator) for term in terms] == [("pk", "="), ("sk", ">")]
