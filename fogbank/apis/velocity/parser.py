"""Reading templates: text in, nodes out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fogbank.apis.velocity.nodes import (
    Binary,
    Call,
    Define,
    Evaluate,
    Expression,
    Foreach,
    If,
    Index,
    Interpolated,
    Leave,
    Listed,
    Literal,
    Macro,
    MacroCall,
    Mapped,
    Negative,
    Node,
    Not,
    Property,
    Range,
    Reference,
    Set,
    Step,
    Text,
)


class TemplateError(ValueError):
    """The template cannot be read, or what it does cannot be done."""


_NAME = re.compile(r"[A-Za-z_][\w-]*")  # Velocity's names may have hyphens
_METHOD = re.compile(r"[A-Za-z_]\w*")
_PLAIN = re.compile(r"[^$#\\]+")
_START = re.compile(r"\$(!?)(\{?)(?=[A-Za-z_])")
_DIRECTIVE = re.compile(r"#(?:\{([a-zA-Z]\w*)\}|([a-zA-Z]\w*))")
_LINE_COMMENT = re.compile(r"##[^\n]*(?:\n|$)")
_BLOCK_COMMENT = re.compile(r"#\*.*?\*#[ \t]*\n?", re.S)
_UNPARSED = re.compile(r"#\[\[(.*?)\]\]#", re.S)
_BLANKS = re.compile(r"\s*")
_REST_OF_LINE = re.compile(r"[ \t]*\r?\n")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORDS = {"or": "||", "and": "&&", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_OPERATOR = re.compile(r"\|\||&&|==|!=|<=|>=|<|>|\+|-|\*|/|%|(?:or|and|eq|ne|lt|le|gt|ge)\b")
_BINDING = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}
_LITERALS = {"true": True, "false": False, "null": None}
_DEEPEST = 100


def parse(text: str) -> Sequence[Node]:
    """Raises TemplateError."""
    parser = _Parser(text)
    nodes, ended_by = parser.block(())
    if ended_by:
        raise TemplateError(f"#{ended_by} without its beginning")
    return nodes


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.macros: set[str] = set()

    # -- pieces of text

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def skip(self) -> None:
        self.take(_BLANKS)

    def sees(self, token: str) -> bool:
        """Take the token, after blanks, if it comes next."""
        before = self.at
        self.skip()
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        self.at = before
        return False

    def expect(self, token: str) -> None:
        if not self.sees(token):
            line = self.text.count("\n", 0, self.at) + 1
            raise TemplateError(f"line {line}: expected {token} at {self.text[self.at : self.at + 20]!r}")

    # -- blocks

    def block(self, ends: tuple[str, ...]) -> tuple[list[Node], str]:
        """Nodes up to one of the directives that end it, and which one it was; empty at the end of the text."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise TemplateError("nested too deeply")
        nodes: list[Node] = []
        while self.at < len(self.text):
            found = self.node()
            if isinstance(found, str):
                self.depth -= 1
                if found not in ends:
                    raise TemplateError(f"#{found} without its beginning")
                return nodes, found
            if found is not None:
                nodes.append(found)
        self.depth -= 1
        if ends:
            raise TemplateError("#end is missing")
        return nodes, ""

    def node(self) -> Node | str | None:
        """The next node; the name of a directive that ends a block; None for a comment."""
        plain = self.take(_PLAIN)
        if plain is not None:
            return Text(plain[0])
        character = self.text[self.at]
        if character == "$":
            return self.reference() or self.literally()
        if character == "#":
            return self.directive()
        return self.escape()

    def literally(self) -> Text:
        self.at += 1
        return Text(self.text[self.at - 1])

    def escape(self) -> Text:
        following = self.text[self.at + 1 : self.at + 2]
        if following in ("$", "#") and following:
            self.at += 2
            return Text(following)
        return self.literally()

    def directive(self) -> Node | str | None:
        if self.take(_LINE_COMMENT) or self.take(_BLOCK_COMMENT):
            return None
        unparsed = self.take(_UNPARSED)
        if unparsed is not None:
            return Text(unparsed[1])
        before = self.at
        found = self.take(_DIRECTIVE)
        if found is None:
            return self.literally()
        name = found[1] or found[2]
        if name in ("end", "else", "elseif"):
            if name != "elseif":
                self.take(_REST_OF_LINE)
            return name
        read = getattr(self, f"read_{name}", None) if name in _DIRECTIVES else None
        if read is not None:
            made: Node = read()
            return made
        if name in self.macros:
            return self.macro_call(name, before)
        self.at = before
        return self.literally()

    # -- directives

    def read_set(self) -> Node:
        self.expect("(")
        self.skip()
        target = self.reference()
        if target is None:
            raise TemplateError("#set without a reference")
        self.expect("=")
        value = self.expression()
        self.expect(")")
        self.take(_REST_OF_LINE)
        return Set(target, value)

    def read_if(self) -> Node:
        branches: list[tuple[Expression, Sequence[Node]]] = []
        condition: Expression = self.condition()
        while True:
            body, ended_by = self.block(("end", "else", "elseif"))
            branches.append((condition, body))
            if ended_by == "end":
                return If(branches)
            condition = Literal(True) if ended_by == "else" else self.condition()

    def condition(self) -> Expression:
        self.expect("(")
        found = self.expression()
        self.expect(")")
        self.take(_REST_OF_LINE)
        return found

    def read_foreach(self) -> Node:
        self.expect("(")
        self.skip()
        variable = self.reference()
        if variable is None:
            raise TemplateError("#foreach without a variable")
        self.expect("in")
        over = self.expression()
        self.expect(")")
        self.take(_REST_OF_LINE)
        return Foreach(variable.name, over, self.block(("end",))[0])

    def read_define(self) -> Node:
        self.expect("(")
        self.skip()
        name = self.reference()
        if name is None:
            raise TemplateError("#define without a reference")
        self.expect(")")
        self.take(_REST_OF_LINE)
        return Define(name.name, self.block(("end",))[0])

    def read_macro(self) -> Node:
        self.expect("(")
        self.skip()
        name = self.take(_METHOD)
        if name is None:
            raise TemplateError("#macro without a name")
        parameters = []
        while not self.sees(")"):
            self.sees(",")
            self.skip()
            parameter = self.reference()
            if parameter is None:
                raise TemplateError("the parameters of a macro are references")
            parameters.append(parameter.name)
        self.take(_REST_OF_LINE)
        self.macros.add(name[0])
        return Macro(name[0], parameters, self.block(("end",))[0])

    def macro_call(self, name: str, start: int) -> Node:
        arguments = []
        self.expect("(")
        while not self.sees(")"):
            self.sees(",")
            arguments.append(self.value())
        return MacroCall(name, arguments, self.text[start : self.at])

    def read_evaluate(self) -> Node:
        return Evaluate(self.condition())

    def read_break(self) -> Node:
        return Leave("break")

    def read_stop(self) -> Node:
        return Leave("stop")

    def read_return(self) -> Node:
        return Leave("return")

    # -- references

    def reference(self) -> Reference | None:
        start = self.at
        found = self.take(_START)
        if found is None:
            return None
        name = self.take(_NAME)
        assert name is not None
        steps = self.steps()
        if found[2]:
            self.expect("}")
        return Reference(name[0], steps, bool(found[1]), self.text[start : self.at])

    def steps(self) -> list[Step]:
        steps: list[Step] = []
        while True:
            if self.text.startswith("[", self.at):
                self.at += 1
                steps.append(Index(self.expression()))
                self.expect("]")
            elif self.text.startswith(".", self.at) and _METHOD.match(self.text, self.at + 1):
                self.at += 1
                name = self.take(_NAME)
                assert name is not None
                steps.append(
                    Call(name[0], self.arguments()) if self.text.startswith("(", self.at) else Property(name[0])
                )
            else:
                return steps

    def arguments(self) -> list[Expression]:
        self.expect("(")
        if self.sees(")"):
            return []
        found = [self.expression()]
        while self.sees(","):
            found.append(self.expression())
        self.expect(")")
        return found

    # -- expressions

    def expression(self, binding: int = 1) -> Expression:
        left = self.value()
        while True:
            before = self.at
            self.skip()
            found = self.take(_OPERATOR)
            operator = None if found is None else _WORDS.get(found[0], found[0])
            if operator is None or _BINDING[operator] < binding:
                self.at = before
                return left
            left = Binary(operator, left, self.expression(_BINDING[operator] + 1))

    def value(self) -> Expression:
        self.skip()
        self.depth += 1
        if self.depth > _DEEPEST:
            raise TemplateError("nested too deeply")
        try:
            return self._value()
        finally:
            self.depth -= 1

    def _value(self) -> Expression:
        if self.sees("!"):
            return Not(self.value())
        if self.sees("("):
            inner = self.expression()
            self.expect(")")
            return inner
        if self.sees("["):
            return self.list_or_range()
        if self.sees("{"):
            return self.map()
        if self.text[self.at : self.at + 1] in ("'", '"'):
            return self.quoted()
        number = self.take(_NUMBER)
        if number is not None:
            return Literal(int(number[0]) if number[0].lstrip("-").isdecimal() else float(number[0]))
        if self.sees("-"):
            return Negative(self.value())
        word = self.take(_METHOD)
        if word is not None and word[0] == "not":
            return Not(self.value())
        if word is not None and word[0] in _LITERALS:
            return Literal(_LITERALS[word[0]])
        found = None if word is not None else self.reference()
        if found is None:
            raise TemplateError(f"no value at {self.text[self.at : self.at + 20]!r}")
        return found

    def quoted(self) -> Expression:
        """Quotes are doubled to stand for themselves."""
        quote = self.text[self.at]
        found = self.take(re.compile(f"{quote}((?:[^{quote}]|{quote}{quote})*){quote}", re.S))
        if found is None:
            raise TemplateError("a text without its end")
        inner = found[1].replace(quote * 2, quote)
        if quote == "'" or ("$" not in inner and "#" not in inner):
            return Literal(inner)
        return Interpolated(parse(inner))

    def list_or_range(self) -> Expression:
        if self.sees("]"):
            return Listed(())
        items = [self.expression()]
        if self.sees(".."):
            end = self.expression()
            self.expect("]")
            return Range(items[0], end)
        while self.sees(","):
            items.append(self.expression())
        self.expect("]")
        return Listed(items)

    def map(self) -> Expression:
        items: list[tuple[Expression, Expression]] = []
        while not self.sees("}"):
            key = self.value()
            self.expect(":")
            items.append((key, self.expression()))
            self.sees(",")
        return Mapped(items)


_DIRECTIVES = frozenset({"set", "if", "foreach", "define", "macro", "evaluate", "break", "stop", "return"})
