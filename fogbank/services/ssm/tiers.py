"""Which tier a parameter gets. Pure.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
"""

from __future__ import annotations

from fogbank.services.ssm import errors, limits

STANDARD = "Standard"
ADVANCED = "Advanced"
INTELLIGENT = "Intelligent-Tiering"
TIERS = (STANDARD, ADVANCED, INTELLIGENT)

ADVANCED_DATA_TYPES = frozenset({"url", "json", "jsonc"})


def resolve(
    asked: str | None, default: str, present: str | None, size: int, has_policies: bool, data_type: str, is_full: bool
) -> str:
    """Standard or Advanced. Raises ValidationException where the tier cannot hold what is wanted.

    asked      the request's tier; default: the account's, for requests without one
    present    the tier of the parameter that is there
    size       of the value in UTF-8 bytes
    is_full    are there as many standard parameters as the account may have?
    """
    wants_advanced = size > limits.VALUE_BYTES[STANDARD] or has_policies or data_type in ADVANCED_DATA_TYPES or is_full
    tier = asked or (present if present == ADVANCED else default)
    if tier == INTELLIGENT:
        tier = ADVANCED if wants_advanced or present == ADVANCED else STANDARD
    if tier == STANDARD:
        _check_standard(present, has_policies, data_type)
    if size > limits.VALUE_BYTES[tier]:
        raise errors.value_too_long(tier)
    return tier


def _check_standard(present: str | None, has_policies: bool, data_type: str) -> None:
    if present == ADVANCED:
        raise errors.downgrade()
    if has_policies:
        raise errors.needs_advanced("Parameter policies")
    if data_type in ADVANCED_DATA_TYPES:
        raise errors.needs_advanced(f"Parameters of the data type {data_type}")
