"""Adversarial consistency: what AWS allows to happen, and what careless code does not expect, made to happen often.

With `--consistency adversarial` reads may be stale and messages may come twice. Services ask here whether it is to happen now; the
answer is the server's, from the one source of its randomness.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fogbank.kernel.context import Context


def strikes(ctx: Context, chance: float) -> bool:
    """Is something unwelcome to happen now, which happens with this chance (0 to 1)? Never without adversarial consistency."""
    return ctx.app.settings.consistency == "adversarial" and ctx.ids.random.random() < chance


def lag(ctx: Context, longest: float) -> float:
    """How many seconds late something is to be, up to `longest`; 0 without adversarial consistency."""
    return ctx.ids.random.uniform(0, longest) if ctx.app.settings.consistency == "adversarial" else 0.0
