"""The states of a certificate authority, as a table: what an event makes of each, where it may happen. Pure.

https://docs.aws.amazon.com/privateca/latest/userguide/ca-lifecycle.html
"""

from __future__ import annotations

from typing import Literal

from fogbank.services.acm_pca import errors

State = Literal["CREATING", "PENDING_CERTIFICATE", "ACTIVE", "DISABLED", "EXPIRED", "FAILED", "DELETED"]
Event = Literal[
    "created", "installed", "enabled", "disabled", "expired", "deleted", "restored before its certificate", "restored"
]

CREATING: State = "CREATING"
PENDING: State = "PENDING_CERTIFICATE"
ACTIVE: State = "ACTIVE"
DISABLED: State = "DISABLED"
EXPIRED: State = "EXPIRED"
DELETED: State = "DELETED"

TABLE: dict[tuple[State, Event], State] = {
    ("CREATING", "created"): "PENDING_CERTIFICATE",
    ("PENDING_CERTIFICATE", "installed"): "ACTIVE",
    ("ACTIVE", "installed"): "ACTIVE",
    ("DISABLED", "installed"): "ACTIVE",
    ("EXPIRED", "installed"): "ACTIVE",
    ("ACTIVE", "enabled"): "ACTIVE",
    ("DISABLED", "enabled"): "ACTIVE",
    ("ACTIVE", "disabled"): "DISABLED",
    ("DISABLED", "disabled"): "DISABLED",
    ("ACTIVE", "expired"): "EXPIRED",
    ("DISABLED", "expired"): "EXPIRED",
    ("CREATING", "deleted"): "DELETED",
    ("PENDING_CERTIFICATE", "deleted"): "DELETED",
    ("DISABLED", "deleted"): "DELETED",
    ("EXPIRED", "deleted"): "DELETED",
    ("FAILED", "deleted"): "DELETED",
    ("DELETED", "restored before its certificate"): "PENDING_CERTIFICATE",
    ("DELETED", "restored"): "DISABLED",
}

WITH_CERTIFICATE: frozenset[State] = frozenset({ACTIVE, DISABLED, EXPIRED})
"""Where there is an own certificate to show."""


def following(state: State, event: Event) -> State:
    """The state after an event. Raises InvalidStateException where it cannot happen."""
    found = TABLE.get((state, event))
    if found is None:
        raise errors.invalid_state(state)
    return found


def require(state: State, *wanted: State) -> None:
    if state not in wanted:
        raise errors.invalid_state(state)
