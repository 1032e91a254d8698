"""Quotas that the model does not have.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html and Constraints.html beside it.
"""

from __future__ import annotations

ITEM_SIZE = 400 * 1024
HASH_KEY_SIZE = 2048
RANGE_KEY_SIZE = 1024
PAGE_SIZE = 1024 * 1024

BATCH_WRITES = 25
BATCH_GETS = 100
BATCH_SIZE = 16 * 1024 * 1024
TRANSACTION_SIZE = 4 * 1024 * 1024
# a client request token is remembered for ten minutes
TOKEN_LIFETIME = 600

LOCAL_INDEXES = 5
GLOBAL_INDEXES = 20
PROJECTED_ATTRIBUTES = 100
# of a global index, in either of its keys
KEY_ATTRIBUTES = 4
TAGS = 50

# DescribeLimits: those of a new account
ACCOUNT_CAPACITY = 80_000
TABLE_CAPACITY = 40_000

# what an on-demand table can take at once: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html
WARM_READS = 12_000
WARM_WRITES = 4_000

# a resource policy, in bytes
POLICY_SIZE = 20 * 1024

# of vector indexes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearch.Requirements.html
VECTOR_DIMENSIONS = 4096
VECTORS_FOUND = 100

# of one partition key, units per second
PARTITION_READS = 3_000
PARTITION_WRITES = 1_000
