"""DAX's quotas. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-dax"""

from __future__ import annotations

import re

NODES_OF_CLUSTER = 11
NODES_OF_CUSTOMER = 50
CLUSTERS = 50
PARAMETER_GROUPS = 20
SUBNET_GROUPS = 50
SUBNETS_OF_GROUP = 20
TAGS = 50
# a page has 20 to 100 entries
PAGE_LEAST, PAGE_MOST = 20, 100
# DescribeEvents looks back two weeks at most (minutes)
LONGEST_DURATION = 14 * 24 * 60

NODE_TYPES = frozenset(
    [
        *(f"dax.r{generation}.{size}" for generation in (4, 5) for size in ("large", "xlarge", "2xlarge", "4xlarge")),
        *(f"dax.r{generation}.8xlarge" for generation in (4, 5)),
        *("dax.r4.16xlarge", "dax.r5.12xlarge", "dax.r5.16xlarge", "dax.r5.24xlarge"),
        *(f"dax.r7i.{size}" for size in ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")),
        *("dax.r7i.24xlarge", "dax.t2.small", "dax.t2.medium", "dax.t3.small", "dax.t3.medium"),
    ]
)

CLUSTER_NAME = re.compile(r"(?!.*--)[a-z][a-z0-9-]{0,19}(?<!-)")
GROUP_NAME = re.compile(r"(?!.*--)[a-z][a-z0-9.-]{0,254}(?<!-)")
SUBNET = re.compile(r"subnet-[0-9a-f]{8,17}")
MAINTENANCE_WINDOW = re.compile(
    r"(sun|mon|tue|wed|thu|fri|sat):([01]\d|2[0-3]):[0-5]\d-(sun|mon|tue|wed|thu|fri|sat):([01]\d|2[0-3]):[0-5]\d"
)
ROLE = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/.+")
