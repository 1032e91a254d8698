"""The statements of a resource policy, added and taken away one by one: those of functions, and of layer versions."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from fogbank.kernel import Context
from fogbank.kernel.collection import Collection
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.records import Answer, Policy, Request, document_of


class Statements(NamedTuple):
    """The policy of something that is there, and where it lies in the store."""

    scope: Context
    rows: Collection[Policy]
    key: tuple[str | int, ...]

    async def policy(self, request: Request) -> Policy:
        """As it is. Raises PreconditionFailedException when a request knows another revision."""
        policy = await self.rows.get(self.scope, *self.key) or Policy([], "")
        if request.get("RevisionId") not in (None, "", policy.revision):
            raise errors.revision_differs()
        return policy

    async def add(self, request: Request, statement: dict[str, Any]) -> Answer:
        policy, sid = await self.policy(request), statement["Sid"]
        if any(each["Sid"] == sid for each in policy.statements):
            raise errors.conflict(
                f"The statement id ({sid}) provided already exists. Please provide a new statement id, "
                f"or remove the existing statement."
            )
        changed = self._put([*policy.statements, statement])
        return {"Statement": msgspec.json.encode(statement).decode(), "RevisionId": changed.revision}

    async def remove(self, request: Request) -> None:
        policy, sid = await self.policy(request), request["StatementId"]
        kept = [each for each in policy.statements if each["Sid"] != sid]
        if len(kept) == len(policy.statements):
            raise errors.not_found(f"Statement {sid} is not found in resource policy.")
        self._put(kept)

    def _put(self, statements: list[dict[str, Any]]) -> Policy:
        policy = Policy(statements, self.scope.ids.uuid())
        self.rows.put(self.scope, policy, *self.key)
        return policy

    async def described(self, nothing: str) -> Answer:
        """Raises ResourceNotFoundException, in the words `nothing`, when there are no statements."""
        policy = await self.policy({})
        document = document_of(policy)
        if document is None:
            raise errors.not_found(nothing)
        return {"Policy": document, "RevisionId": policy.revision}


def of_account(scope: Context, given: str) -> Any:
    """A principal that is an account, or an ARN, as policies say it; None for all others."""
    if given.isdecimal() and len(given) == 12:
        return {"AWS": f"arn:{scope.partition}:iam::{given}:root"}
    return {"AWS": given} if given.startswith("arn:") else None
