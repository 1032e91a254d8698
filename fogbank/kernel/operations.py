"""Operations by botocore's names, for services that call what their users name: targets of rules, of schedules, of pipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogbank import protocols

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.service import Operation


def find(app: App, service: str, operation: str) -> Operation | None:
    """The operation (`"sqs", "SendMessage"`) if this build has it. Raises KeyError for one that no model has."""
    found = app.services.get(service)
    return None if found is None else found.operations.get(protocols.load(service).operations[operation].snake)


def is_there(app: App, service: str, operation: str) -> bool:
    return find(app, service, operation) is not None


def is_transactional(app: App, service: str, operation: str) -> bool:
    """Has a call no effect but in the store? One of an operation that is not there has none at all."""
    found = find(app, service, operation)
    return found is None or found.transaction
