"""Fair queues: who of a standard queue's tenants is noisy. A message says by its group whose it is.

A tenant is noisy while it has at least 30 messages in flight and more than a tenth of all that are. Who takes long over few messages is
not found by that: AWS looks at shares of processing time, too.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

import msgspec

_LEAST = 30
_SHARE = 10


class Fairness(msgspec.Struct, array_like=True):
    """What is known of the tenants of a queue that has any.

    noisy       who was noisy when the messages in flight were counted last, and how many of them they had
    changes     how many messages were taken and settled since
    quiet_from  before this time (microseconds), and at it before this sequence number, only noisy tenants have visible messages that
                were never received
    """

    noisy: dict[str, int] = {}
    changes: int = 0
    quiet_from: tuple[int, int] = (0, 0)

    def is_outdated(self, in_flight: int) -> bool:
        """May somebody else be noisy by now? Counting again costs as much as there is in flight, so a share of that has to have changed."""
        return self.changes * _SHARE >= in_flight

    def count(self, tenants: Collection[str]) -> None:
        """Say anew who is noisy; `tenants` are those of the messages in flight, empty for messages without a group."""
        shares = Counter(tenants)
        noisy = {
            tenant: share
            for tenant, share in shares.items()
            if tenant and share >= _LEAST and share * _SHARE > len(tenants)
        }
        if noisy.keys() != self.noisy.keys():
            self.quiet_from = (0, 0)
        self.noisy, self.changes = noisy, 0


class Quiet(NamedTuple):
    """How many tenants are noisy, and what the others have in the queue. `oldest` is when the oldest message arrived, 0 for none."""

    noisy: int
    visible: int
    in_flight: int
    delayed: int
    oldest: int
