"""Quotas. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

from fogbank.services.lambda_.limits import MIB

OPERATIONS = 3000
"""Of one execution: each one that is started, and each retry."""
WRITTEN_BYTES = 100 * MIB
PAYLOAD_BYTES = MIB
"""Of what operations take and give, and of what an execution gives that nobody waits for."""
SYNC_PAYLOAD_BYTES = 6 * MIB
SYNC_SECONDS = 900
"""So long an execution may be that its caller waits for."""
RETENTION_DAYS = 14
LONGEST_SECONDS = 366 * 86_400
CLIENT_TOKEN_SECONDS = 900
LISTED = 100
STATE_BYTES = 4 * MIB
"""Of the operations that an invocation, or a page of the state, begins with; the first of them comes whatever its size."""
