"""Quotas of Organizations, and how long things take.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html. AWS starts with 10 accounts and grants more on
request, up to 10,000; here all of them are granted.
"""

from __future__ import annotations

from typing import Final

ACCOUNTS: Final = 10_000
UNITS: Final = 2_000
UNIT_DEPTH: Final = 5
TAGS: Final = 50
PAGE: Final = 20

ACCOUNTS_BEING_CREATED: Final = 5
DAY: Final = 86_400.0
# An account that was created in the organization can leave it after four days.
DAYS_BEFORE_LEAVING: Final = 4
# In 30 days, that many members or a fifth of them can be closed, whichever is more, up to the maximum.
CLOSING_DAYS: Final = 30
CLOSED_IN_PERIOD: Final = 250
CLOSED_IN_PERIOD_AT_MOST: Final = 1_000
# A closed account is gone for good after this.
DAYS_CLOSED: Final = 90

INVITATION_DAYS: Final = 15
FEATURES_DAYS: Final = 90
# How long a handshake that is over can still be looked at.
HANDSHAKE_KEPT_DAYS: Final = 30
HANDSHAKES_PER_DAY: Final = 20

# Long enough to be seen under way.
CREATION_SECONDS: Final = 1.0
CLOSING_SECONDS: Final = 1.0

RESOURCE_POLICY_TAGS: Final = 50
