"""IAM actions that depend on what a request brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fogbank.kernel.context import Context
    from fogbank.kernel.service import Action


def with_members(action: str, further: dict[str, str]) -> Action:
    """An operation's `action`, and for each member (`Tags`) that a request has, a further one (`kms:TagResource`)."""

    def choose(ctx: Context, request: dict[str, Any]) -> tuple[str, ...]:
        return (action, *dict.fromkeys(needed for member, needed in further.items() if request.get(member)))

    return choose
