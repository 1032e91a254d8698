"""What answers tell of the lifecycle: when an object expires, when an upload is aborted.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

from fogbank.services.s3 import settings
from fogbank.services.s3.lifecycle import rules
from fogbank.services.s3.lifecycle.rules import KIND, Rule
from fogbank.services.s3.records import Home, Object

Answer = dict[str, Any]


async def _rules(home: Home) -> tuple[Rule, ...]:
    packed = await settings.packed(home, KIND) if KIND in home.bucket.features else None
    return () if packed is None else rules.compiled(packed).rules


async def tell_expiration(home: Home, key: str, record: Object, answer: Answer) -> None:
    """Add `x-amz-expiration` to what is answered about a current version, if it expires."""
    found = rules.expiration(await _rules(home), key, record)
    if found is not None:
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(found[0]))
        answer["Expiration"] = f'expiry-date="{date}", rule-id="{quote(found[1], safe="")}"'


async def tell_abortion(home: Home, key: str, initiated: float, answer: Answer) -> None:
    """Add `x-amz-abort-date` and `x-amz-abort-rule-id` to what is answered about an upload, if it is aborted some day."""
    found = rules.abortion(await _rules(home), key, initiated)
    if found is not None:
        answer["AbortDate"], answer["AbortRuleId"] = found
