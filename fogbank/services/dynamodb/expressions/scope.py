"""What an expression may refer to, what it did refer to, and the checks that need no more than its text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

from fogbank.services.dynamodb import errors
from fogbank.services.dynamodb.errors import AWSError
from fogbank.services.dynamodb.expressions.parser import MAX_OPERATORS, too_many_operators
from fogbank.services.dynamodb.expressions.tree import (
    Arithmetic,
    Call,
    Comparison,
    Condition,
    Logical,
    Operand,
    Path,
    Placeholder,
    Step,
    Update,
)

MAX_PATH = 32
MAX_INDEX = 2**31 - 1

# what each function gives, and where it may stand
CONDITIONS = frozenset({"attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains"})
CONDITION_OPERANDS = frozenset({"size"})
UPDATE_OPERANDS = frozenset({"if_not_exists", "list_append"})
FUNCTIONS = CONDITIONS | CONDITION_OPERANDS | UPDATE_OPERANDS

Steps = tuple[Step, ...]


@cache
def reserved_words() -> frozenset[str]:
    """AWS's list, upper case: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html"""
    text = resources.files(__package__).joinpath("reserved_words.txt").read_text("ascii")
    return frozenset(text.split())


class Scope:
    """Names and the types of values that come with a request; notes which of them one expression uses.

    `parameter` is the request member that holds the expression, for error texts.
    """

    def __init__(self, parameter: str, names: Mapping[str, str], types: Mapping[str, str]) -> None:
        self.parameter = parameter
        self.names = names
        self.types = types
        self.used_names: set[str] = set()
        self.used_values: set[str] = set()
        self.paths: list[Steps] = []

    def error(self, message: str) -> AWSError:
        return errors.invalid_expression(self.parameter, message)

    def path(self, path: Path) -> Steps:
        """The path with its names in place of placeholders."""
        steps = path.steps if path.raw else tuple([self._step(step) for step in path.steps])
        if len(steps) > MAX_PATH:
            raise self.error(f"The document path has too many nesting levels; nesting levels: {len(steps)}")
        self.paths.append(steps)
        return steps

    def _step(self, step: Step) -> Step:
        if step.__class__ is int or step[0] != "#":  # type: ignore[index]
            return step
        name = self.names.get(step)  # type: ignore[arg-type]
        if name is None:
            raise self.error(
                f"An expression attribute name used in the document path is not defined; attribute name: {step}"
            )
        self.used_names.add(step)  # type: ignore[arg-type]
        return name

    def type_of(self, placeholder: Placeholder) -> str:
        kind = self.types.get(placeholder.name)
        if kind is None:
            raise self.error(
                f"An expression attribute value used in expression is not defined; attribute value: {placeholder.name}"
            )
        self.used_values.add(placeholder.name)
        return kind


def shown(steps: Steps) -> str:
    """A path as error texts have it: `[a, [0], b]`."""
    return f"[{', '.join([f'[{step}]' if isinstance(step, int) else step for step in steps])}]"


# -- what the text alone says


def vet_condition(parameter: str, tree: Condition) -> None:
    """Reserved words, unknown or misplaced functions, indexes out of range, too many operators."""
    _Vetting(parameter, "condition", CONDITIONS | CONDITION_OPERANDS).condition(tree)


def vet_update(parameter: str, tree: Update) -> None:
    vetting = _Vetting(parameter, "update", UPDATE_OPERANDS)
    for action in tree.actions:
        vetting.path(action.path)
        vetting.assigned(action.value)
    for section in tree.sections:
        if tree.sections.count(section) > 1:
            message = f'The "{section}" section can only be used once in an update expression;'
            raise errors.invalid_expression(parameter, message)


def vet_paths(parameter: str, paths: Iterable[Path]) -> None:
    vetting = _Vetting(parameter, "projection", frozenset())
    for path in paths:
        vetting.path(path)


class _Vetting:
    """Walks a tree in the order of its text and raises the first thing that is wrong with it."""

    def __init__(self, parameter: str, noun: str, functions: frozenset[str]) -> None:
        self.parameter = parameter
        self.noun = noun
        self.functions = functions
        self.operators = 0

    def error(self, message: str) -> AWSError:
        return errors.invalid_expression(self.parameter, message)

    def count(self) -> None:
        self.operators += 1
        if self.operators > MAX_OPERATORS:
            raise too_many_operators(self.parameter)

    def condition(self, tree: Condition) -> None:
        if isinstance(tree, Logical):
            for position, term in enumerate(tree.terms):
                if position or tree.operator == "NOT":
                    self.count()
                self.condition(term)
        elif isinstance(tree, Comparison):
            self.count()
            for operand in tree.operands:
                self.operand(operand)
        else:
            self.call(tree, CONDITIONS)

    def operand(self, tree: Operand) -> None:
        if isinstance(tree, Path):
            self.path(tree)
        elif isinstance(tree, Call):
            self.call(tree, CONDITION_OPERANDS | UPDATE_OPERANDS)

    def call(self, tree: Call, usable: frozenset[str]) -> None:
        name = tree.function
        self.count()
        if name not in FUNCTIONS:
            raise self.error(f"Invalid function name; function: {name}")
        if name not in self.functions:
            article = "an" if self.noun == "update" else "a"
            raise self.error(f"The function is not allowed in {article} {self.noun} expression; function: {name}")
        if name not in usable:
            raise self.error(f"The function is not allowed to be used this way in an expression; function: {name}")
        for argument in tree.arguments:
            self.argument(name, argument)

    def argument(self, function: str, tree: Operand) -> None:
        if self.noun == "update" and isinstance(tree, Call) and tree.function == "list_append":
            raise self.error("The function is not allowed to be used this way in an expression; function: list_append")
        self.operand(tree)

    def assigned(self, tree: Operand | Arithmetic | None) -> None:
        if isinstance(tree, Arithmetic):
            self.argument(tree.operator, tree.left)
            self.argument(tree.operator, tree.right)
        elif tree is not None:
            self.operand(tree)

    def path(self, path: Path) -> None:
        if path.raw:
            return
        for step in path.steps:
            if isinstance(step, int):
                if step > MAX_INDEX:
                    raise self.error(f"List index is not within the allowable range; index: [{step}]")
            elif step.upper() in reserved_words():
                raise self.error(f"Attribute name is a reserved keyword; reserved keyword: {step}")


class _Branch:
    """A step of paths seen so far: the first path that has it, and whether one ends with it."""

    __slots__ = ("below", "first", "is_end")

    def __init__(self, first: Steps) -> None:
        self.first = first
        self.is_end = False
        self.below: dict[Step, _Branch] = {}


def refuse_overlap(scope: Scope, paths: list[Steps]) -> None:
    """Refuse paths of which one contains another ("overlap"), or that take one attribute for list and map ("conflict").

    Each path is walked down a tree of those before it, so that hundreds of them stay cheap.
    """
    root: dict[Step, _Branch] = {}
    for path in paths:
        branches = root
        for depth, step in enumerate(path, 1):
            latest = next(reversed(branches), step)
            if latest.__class__ is not step.__class__:
                raise _collision(scope, "conflict", branches[latest].first, path)
            branch = branches.setdefault(step, _Branch(path))
            if branch.is_end or (depth == len(path) and branch.first is not path):
                raise _collision(scope, "overlap", branch.first, path)
            branches = branch.below
        branch.is_end = True


def _collision(scope: Scope, kind: str, one: Steps, two: Steps) -> AWSError:
    return scope.error(
        f"Two document paths {kind} with each other; must remove or rewrite one of these paths; "
        f"path one: {shown(one)}, path two: {shown(two)}"
    )
