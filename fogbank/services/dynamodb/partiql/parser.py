"""From a statement's text and parameters to its tree, by recursive descent."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from fogbank.services.dynamodb import errors
from fogbank.services.dynamodb.errors import AWSError
from fogbank.services.dynamodb.partiql.tree import (
    Between,
    Call,
    Comparison,
    Condition,
    Delete,
    Exists,
    In,
    Insert,
    Junction,
    Literal,
    Missing,
    Not,
    Operand,
    Order,
    Path,
    Reference,
    Remove,
    Select,
    Set,
    Statement,
    Sum,
    Update,
)
from fogbank.services.dynamodb.values import Item, Value

_TOKENS = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<word>[A-Za-z_$][A-Za-z0-9_$-]*)
    | (?P<sign><<|>>|<=|>=|<>|!=|[-+=<>,.()\[\]{}:?*;])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_MAX_DEPTH = 100
_RETURNING = {
    ("ALL", "OLD"): "ALL_OLD",
    ("ALL", "NEW"): "ALL_NEW",
    ("MODIFIED", "OLD"): "UPDATED_OLD",
    ("MODIFIED", "NEW"): "UPDATED_NEW",
}
_CONDITIONS = frozenset({"begins_with", "contains", "attribute_type"})
_OPERANDS = frozenset({"size", "list_append", "set_add", "set_delete"})
_SIGNS = frozenset({"=", "<>", "!=", "<", "<=", ">", ">="})
# words that end an operand or path, and so are no names unless they are quoted
_VERBS = ("select", "insert", "update", "delete", "set", "remove")
_CLAUSES = ("from", "where", "into", "value", "returning", "order", "by")
_CONNECTIVES = ("and", "or", "not", "in", "between", "is")
_KEYWORDS = frozenset((*_VERBS, *_CLAUSES, *_CONNECTIVES))


class Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse(text: str, parameters: list[Value]) -> Statement:
    """The tree of a statement. Raises ValidationException for what is none, or has other parameters than it asks for."""
    parser = _Parser(_tokens(text), parameters)
    statement = parser.statement()
    parser.finish()
    return statement


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while True:
        match = _TOKENS.match(text, at)
        if match is None or match.lastgroup is None:
            raise _malformed("Unexpected character", at)
        found.append(Token(match.lastgroup, match.group(match.lastgroup), match.start(match.lastgroup)))
        at = match.end()
        if match.lastgroup == "end":
            return found


def _malformed(what: str, at: int) -> AWSError:
    return errors.validation(f"Statement wasn't well formed, can't be processed: {what} at position {at + 1}")


class _Parser:
    def __init__(self, tokens: list[Token], parameters: list[Value]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._parameters = list(reversed(parameters))

    # -- tokens

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def _is(self, *words: str) -> bool:
        token = self._next
        return token.kind in ("word", "sign") and token.text.lower() in words

    def _accept(self, *words: str) -> bool:
        found = self._is(*words)
        self._at += found
        return found

    def _expect(self, *words: str) -> str:
        if not self._is(*words):
            raise self._unexpected(" or ".join(word.upper() for word in words))
        return self._take().text

    def _unexpected(self, wanted: str) -> AWSError:
        token = self._next
        return _malformed(f"Expected {wanted}, got {token.text or 'end of statement'}", token.at)

    def finish(self) -> None:
        self._accept(";")
        if self._accept("limit"):
            token = self._next
            raise errors.validation(f"Unsupported clause: LIMIT at 1:{token.at + 1}:{len(token.text)}")
        if self._next.kind != "end":
            raise self._unexpected("end of statement")
        if self._parameters:
            raise _wrong_number_of_parameters()

    # -- statements

    def statement(self) -> Statement:
        if self._accept("select"):
            return self._select()
        if self._accept("exists"):
            self._expect("(")
            self._expect("select")
            select = self._select()
            self._expect(")")
            return Exists(select)
        if self._accept("insert"):
            return self._insert()
        if self._accept("update"):
            return self._update()
        if self._accept("delete"):
            return self._delete()
        raise errors.validation("Statement wasn't well formed, can't be processed: Expected data manipulation")

    def _select(self) -> Select:
        paths = None if self._accept("*") else tuple(self._listed(self._path))
        if self._is("as"):
            raise errors.validation("Aliasing is not supported")
        self._expect("from")
        table = self._name()
        index = self._name() if self._accept(".") else None
        where = self._condition() if self._accept("where") else None
        order: tuple[Order, ...] = ()
        if self._accept("order"):
            self._expect("by")
            order = tuple(self._listed(self._order))
        return Select(table, index, paths, where, order)

    def _order(self) -> Order:
        path = self._path()
        if self._accept("asc"):
            return Order(path, False)
        return Order(path, self._accept("desc"))

    def _insert(self) -> Insert:
        self._expect("into")
        table = self._name()
        self._expect("value")
        value = self._value()
        if "M" not in value:
            raise errors.validation("Unexpected path component at position 1: the value of an INSERT must be a map")
        return Insert(table, value["M"])

    def _update(self) -> Update:
        table = self._name()
        actions: list[Set | Remove] = []
        while self._is("set", "remove"):
            read = self._set if self._take().text.lower() == "set" else self._remove
            actions += self._listed(read)
        if not actions:
            raise self._unexpected("SET or REMOVE")
        return Update(table, tuple(actions), self._where(), self._returning())

    def _set(self) -> Set:
        path = self._path()
        self._expect("=")
        return Set(path, self._operand())

    def _remove(self) -> Remove:
        return Remove(self._path())

    def _delete(self) -> Delete:
        self._expect("from")
        return Delete(self._name(), self._where(), self._returning())

    def _where(self) -> Condition:
        self._expect("where")
        return self._condition()

    def _returning(self) -> str:
        if not self._accept("returning"):
            return "NONE"
        which = (self._expect("all", "modified").upper(), self._expect("old", "new").upper())
        self._expect("*")
        return _RETURNING[which]

    def _listed(self, read: Any) -> list[Any]:
        found = [read()]
        while self._accept(","):
            found.append(read())
        return found

    # -- conditions

    def _condition(self) -> Condition:
        return self._joined("or", lambda: self._joined("and", self._negation))

    def _joined(self, word: str, read: Any) -> Condition:
        conditions = [read()]
        while self._accept(word):
            conditions.append(read())
        return conditions[0] if len(conditions) == 1 else Junction(word.upper(), tuple(conditions))

    def _negation(self) -> Condition:
        with _Deeper(self):
            if self._accept("not"):
                return Not(self._negation())
            if self._is("("):
                return self._in_parentheses()
            return self._term()

    def _in_parentheses(self) -> Condition:
        """A condition, or the first operand of one."""
        begin = self._at
        self._expect("(")
        try:
            condition = self._condition()
            self._expect(")")
        except AWSError:
            self._at = begin
            return self._term()
        return condition

    def _term(self) -> Condition:
        operand = self._operand()
        if isinstance(operand, Call) and operand.name in _CONDITIONS:
            return operand
        token = self._next
        if token.text in _SIGNS and token.kind == "sign":
            sign = self._take().text
            return Comparison(operand, "<>" if sign == "!=" else sign, self._operand())
        if self._accept("is"):
            return self._is_what(operand)
        negated = self._accept("not")
        if self._accept("between"):
            low = self._operand()
            self._expect("and")
            found: Condition = Between(operand, low, self._operand())
        elif self._accept("in"):
            found = In(operand, self._options())
        else:
            raise self._unexpected("a comparison")
        return Not(found) if negated else found

    def _is_what(self, operand: Operand) -> Condition:
        negated = self._accept("not")
        if not isinstance(operand, Reference):
            raise self._unexpected("a path before IS")
        found = Missing(operand.path, self._expect("missing", "null").lower() == "null")
        return Not(found) if negated else found

    def _options(self) -> tuple[Operand, ...]:
        end = {"[": "]", "(": ")"}[self._expect("[", "(")]
        options = tuple(self._listed(self._operand))
        self._expect(end)
        return options

    # -- operands

    def _operand(self) -> Operand:
        left = self._single()
        if self._is("+", "-"):
            return Sum(left, self._take().text, self._single())
        return left

    def _single(self) -> Operand:
        token = self._next
        if self._is("("):
            with _Deeper(self):
                self._take()
                operand = self._operand()
                self._expect(")")
                return operand
        following = self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        if token.kind == "word" and following.text == "(":
            return self._call()
        if token.kind == "quoted" or (token.kind == "word" and token.text.lower() not in ("true", "false", "null")):
            if self._is("missing"):
                raise errors.validation("MISSING must be compared using IS operator")
            return Reference(self._path())
        return Literal(self._value())

    def _call(self) -> Call:
        name = self._take().text.lower()
        if name not in _CONDITIONS | _OPERANDS:
            raise errors.validation(f"Invalid function name; function: {name}")
        self._expect("(")
        arguments = tuple(self._listed(self._operand))
        self._expect(")")
        return Call(name, arguments)

    # -- names and values

    def _name(self) -> str:
        token = self._take()
        if token.kind == "quoted":
            return token.text[1:-1].replace('""', '"')
        if token.kind == "word" and token.text.lower() not in _KEYWORDS:
            return token.text
        self._at -= 1
        raise self._unexpected("a name")

    def _path(self) -> Path:
        steps: list[str | int] = [self._name()]
        while True:
            if self._accept("."):
                steps.append(self._name())
            elif self._accept("["):
                token = self._take()
                if token.kind == "string":
                    steps.append(_unquoted(token))
                elif token.kind == "number" and token.text.isdigit():
                    steps.append(int(token.text))
                else:
                    self._at -= 1
                    raise self._unexpected("a position")
                self._expect("]")
            else:
                return tuple(steps)

    def _value(self) -> Value:
        with _Deeper(self):
            token = self._take()
            if token.kind == "string":
                return {"S": _unquoted(token)}
            if token.kind == "number":
                return {"N": token.text}
            word = token.text.lower()
            if word == "-" and self._next.kind == "number":
                return {"N": "-" + self._take().text}
            if word in ("true", "false"):
                return {"BOOL": word == "true"}
            if word == "null":
                return {"NULL": True}
            read = {"?": self._parameter, "[": self._list, "{": self._map, "<<": self._set_value}.get(word)
            if read is None:
                self._at -= 1
                raise self._unexpected("a value")
            return read()

    def _parameter(self) -> Value:
        if not self._parameters:
            raise _wrong_number_of_parameters()
        return self._parameters.pop()

    def _list(self) -> Value:
        members = [] if self._is("]") else self._listed(self._value)
        self._expect("]")
        return {"L": members}

    def _map(self) -> Value:
        item: Item = {}
        while not self._is("}"):
            token = self._take()
            if token.kind not in ("string", "quoted"):
                self._at -= 1
                raise self._unexpected("the name of an attribute in quotes")
            self._expect(":")
            item[_unquoted(token)] = self._value()
            if not self._accept(","):
                break
        self._expect("}")
        return {"M": item}

    def _set_value(self) -> Value:
        members = [] if self._is(">>") else self._listed(self._value)
        self._expect(">>")
        kinds = {kind for member in members for kind in member}
        if len(kinds) != 1 or not kinds <= {"S", "N", "B"}:
            raise errors.validation("A set must have members, all of them strings, numbers or binaries")
        kind = kinds.pop()
        return {f"{kind}S": [member[kind] for member in members]}


class _Deeper:
    """Refuses statements that are nested too deep."""

    def __init__(self, parser: _Parser) -> None:
        self._parser = parser

    def __enter__(self) -> None:
        self._parser._depth += 1
        if self._parser._depth > _MAX_DEPTH:
            raise errors.validation("Nesting of the statement exceeds supported limits")

    def __exit__(self, *_: object) -> None:
        self._parser._depth -= 1


def _unquoted(token: Token) -> str:
    quote = token.text[0]
    return token.text[1:-1].replace(quote * 2, quote)


def _wrong_number_of_parameters() -> AWSError:
    return errors.validation("Number of parameters in request and statement don't match.")
