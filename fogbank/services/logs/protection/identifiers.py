"""What a data protection policy masks."""

from __future__ import annotations

import json
from functools import lru_cache

from fogbank.kernel.data_identifiers import Identifier, custom_of, named


@lru_cache(maxsize=256)
def of_policy(policy: str) -> tuple[Identifier, ...]:
    """What a policy, which was checked, masks."""
    document = json.loads(policy)
    custom = custom_of(document)
    references = next(each["DataIdentifier"] for each in document["Statement"] if "Deidentify" in each["Operation"])
    return tuple(found for each in references if (found := named(each, custom)) is not None)
