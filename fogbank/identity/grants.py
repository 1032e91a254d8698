"""Which services and actions policies allow at all, on whatever resource and under whatever condition.

Of denies, those count that leave nothing open: on all resources and without a condition. See
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from fogbank.identity import reference
from fogbank.identity.reference import ServiceReference
from fogbank.identity.wildcards import AnyOf

Document = dict[str, Any]


class Grants:
    """What some policies allow."""

    def __init__(self, texts: Iterable[str]) -> None:
        """`texts` are policies as JSON."""
        statements = [statement for text in texts for statement in _list(json.loads(text)["Statement"])]
        self._allowed = [_Actions(statement) for statement in statements if statement["Effect"] == "Allow"]
        self._denied = [_Actions(statement) for statement in statements if _denies_all(statement)]

    def services(self) -> list[str]:
        """The prefixes of the services of which some action is allowed, in their order."""
        return [prefix for prefix in sorted(reference.prefixes()) if self.reaches(prefix)]

    def reaches(self, prefix: str) -> bool:
        """Whether some action of a service is allowed."""
        known = reference.service(prefix)
        if known is None or not any(actions.reach(known) for actions in self._allowed):
            return False
        return not any(actions.reach(known) for actions in self._denied) or bool(self.actions(prefix))

    def actions(self, prefix: str) -> list[str]:
        """The names of a service's actions that are allowed."""
        known = reference.service(prefix)
        actions = {} if known is None else known.actions
        return [action.name for key, action in actions.items() if self._allows(f"{prefix}:{key}")]

    def _allows(self, action: str) -> bool:
        return any(each.include(action) for each in self._allowed) and not any(
            each.include(action) for each in self._denied
        )


def _denies_all(statement: Document) -> bool:
    return statement["Effect"] == "Deny" and statement.get("Resource") in ("*", ["*"]) and "Condition" not in statement


class _Actions:
    """The Action or NotAction element of a statement."""

    def __init__(self, statement: Document) -> None:
        self._negated = "NotAction" in statement
        element = statement["NotAction" if self._negated else "Action"]
        self._patterns = [pattern.lower() for pattern in _list(element)]
        self._any = AnyOf(self._patterns, variables=False)

    def include(self, action: str) -> bool:
        """Whether an action, in lower case, is one of them."""
        return self._any.matches(action, {}) is not self._negated

    def reach(self, known: ServiceReference) -> bool:
        """Whether any action of a service is one of them. Its list is read only where the patterns do not tell."""
        about = [pattern for pattern in self._patterns if pattern == "*" or pattern.startswith(f"{known.prefix}:")]
        if not about:
            return self._negated
        if "*" in about or f"{known.prefix}:*" in about:
            return not self._negated
        return any(self.include(f"{known.prefix}:{key}") for key in known.actions)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
