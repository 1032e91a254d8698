"""Key states: in which of them a key can be used and changed, and what is said otherwise.

https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html has the table. The sets below name the states in which an
operation is refused. A key that is Updating (its primary region changes) can be used but not managed.
"""

from __future__ import annotations

from fogbank.services.kms import errors
from fogbank.services.kms.key import (
    CREATING,
    DISABLED,
    PENDING_DELETION,
    PENDING_IMPORT,
    PENDING_REPLICA_DELETION,
    UPDATING,
)
from fogbank.services.kms.references import Target

States = frozenset[str]

_WORDS = {
    CREATING: "creating",
    UPDATING: "updating",
    PENDING_IMPORT: "pending import",
    PENDING_DELETION: "pending deletion",
    PENDING_REPLICA_DELETION: "pending replica deletion",
}
DELETED = frozenset({PENDING_DELETION, PENDING_REPLICA_DELETION})
_CHANGING = frozenset({CREATING, UPDATING})

TO_USE: States = DELETED | {CREATING, DISABLED, PENDING_IMPORT}
TO_GRANT: States = DELETED | {CREATING, DISABLED, PENDING_IMPORT}
TO_CHANGE: States = DELETED
TO_SWITCH: States = DELETED | _CHANGING | {PENDING_IMPORT}
TO_ROTATE: States = DELETED | _CHANGING | {DISABLED, PENDING_IMPORT}
TO_IMPORT: States = DELETED | _CHANGING
TO_REPLICATE: States = DELETED | _CHANGING | {DISABLED}


def require(target: Target, refused: States) -> None:
    """Raise DisabledException or KMSInvalidStateException when the key is in one of those states."""
    state = target.key.state
    if state not in refused:
        return
    if state == DISABLED:
        raise errors.disabled(target.arn)
    raise errors.invalid_state(target.arn, _WORDS[state])
