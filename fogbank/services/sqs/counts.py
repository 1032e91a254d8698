"""What is known of a queue as a whole: kept in one row, which every use of the queue writes."""

from __future__ import annotations

import msgspec

from fogbank.services.sqs.fairness import Fairness

# later than any time (microseconds)
NEVER = 1 << 62


class Tally(msgspec.Struct, array_like=True):
    """How many of some rows lie after the moment `at`; of rows that are ordered by time and become fewer as time goes by.

    Whoever wants to know about another moment counts the rows in between, so each of them is counted once, however many there are.
    Before it was ever looked at (`at` is negative) it says nothing.
    """

    count: int = 0
    at: int = -1

    def came(self, moment: int, rows: int = 1) -> None:
        if moment > self.at:
            self.count += rows

    def went(self, moment: int, rows: int = 1) -> None:
        if moment > self.at:
            self.count -= rows


class Use(msgspec.Struct, array_like=True):
    """What was done with a queue since its metrics were put for the last time; see `metering.py`. Times are microseconds.

    due                    when they are put next, 0 when the queue is not active
    last                   when it was used for the last time
    since                  the first minute for which nothing is put yet
    visible, oldest        how many messages were visible when they were put, and when the oldest one had arrived (0 for none)
    size, smallest, largest  bytes of the messages that were sent
    """

    due: int = 0
    last: int = 0
    since: int = 0
    visible: int = 0
    oldest: int = 0
    sent: int = 0
    size: int = 0
    smallest: int = 0
    largest: int = 0
    duplicates: int = 0
    received: int = 0
    empty: int = 0
    deleted: int = 0

    def count_sent(self, size: int) -> None:
        self.smallest = min(self.smallest, size) if self.sent else size
        self.largest = max(self.largest, size)
        self.sent += 1
        self.size += size


class Counts(msgspec.Struct, array_like=True):
    """What is known of a backlog as a whole.

    fresh, received            how many messages there are, never received and received
    last                       the last sequence number given out
    expires                    when the task that deletes expired messages is due, 0 when there is none
    fresh_from, received_from  no row of `fresh`, or of `received` and `held`, is before this time: saves looking
    later, hidden              the rows of `fresh` that are delayed, and the messages in flight
    uneven                     the rows of `held` whose messages become visible at different times
    use                        what its metrics tell
    fair                       what is known of a standard queue's tenants, if it ever had a message with a group
    """

    fresh: int = 0
    received: int = 0
    last: int = 0
    expires: int = 0
    fresh_from: int = NEVER
    received_from: int = NEVER
    later: Tally = msgspec.field(default_factory=Tally)
    hidden: Tally = msgspec.field(default_factory=Tally)
    uneven: int = 0
    use: Use = msgspec.field(default_factory=Use)
    fair: Fairness | None = None

    @classmethod
    def empty(cls, now: int) -> Counts:
        """Of a backlog that has no messages yet."""
        return cls(later=Tally(0, now), hidden=Tally(0, now))
