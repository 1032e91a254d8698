"""What the policies of an account say about all of its log groups, or some: one row, which a writer reads from memory.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutAccountPolicy.html
"""

from __future__ import annotations

from fogbank.kernel import Context, Record
from fogbank.services.logs.records import SubscriptionFilter
from fogbank.services.logs.rulings import Rulings
from fogbank.services.logs.service import service


class Exclusion(Record, frozen=True):
    """For which groups something is off: those of these names or prefixes, or (`inverted`) all others."""

    names: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    inverted: bool = False

    def counts(self, group: str) -> bool:
        listed = group in self.names or bool(self.prefixes and group.startswith(self.prefixes))
        return listed is not self.inverted


class Rules(Record, frozen=True):
    """`not_subscribed` are groups that the subscription is not for; `unmeasured` those whose embedded metrics are not taken."""

    protections: Rulings = ()
    transformers: Rulings = ()
    subscription: SubscriptionFilter | None = None
    not_subscribed: tuple[str, ...] = ()
    unmeasured: tuple[Exclusion, ...] = ()


rules = service.collection("account-rules", Rules, cached=True)


async def rules_or_none(ctx: Context) -> Rules:
    """The rules, also where there are none yet."""
    return await rules.get(ctx) or Rules()
