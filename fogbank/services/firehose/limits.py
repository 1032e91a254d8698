"""Quotas. https://docs.aws.amazon.com/firehose/latest/dev/limits.html"""

from __future__ import annotations

from typing import Final

MIB: Final = 2**20

STREAMS: Final = 5000
BATCH_BYTES: Final = 4 * MIB
TAGS: Final = 50
LISTED: Final = 10
LISTED_TAGS: Final = 50

KEPT_SECONDS: Final = 24 * 3600
"""How long records are kept that cannot be delivered, where the destination says nothing else."""
PARTITIONS: Final = 500
"""Active partitions of a stream."""
PREFIX_CHARACTERS: Final = 512
PARTITIONED_MIB: Final = 64
"""The smallest buffer of a stream with dynamic partitioning."""
DECOMPRESSED_BYTES: Final = 64 * MIB
"""No quota of AWS's: what a record may become, lest a small one fill the memory."""
ANSWER_SECONDS: Final = 180
"""How long an HTTP endpoint may take to answer."""
