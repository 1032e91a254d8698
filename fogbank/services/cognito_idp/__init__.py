"""Amazon Cognito user pools. The way in is `pool.py` and `user.py`; signing in is in `sign_in.py`."""

from fogbank.services.cognito_idp import (
    administration,
    clients,
    groups,
    listing,
    own_account,
    pools,
    resource_types,
    sign_in,
    sign_up,
    signing,
    totp,
)
from fogbank.services.cognito_idp.service import service

__all__ = [
    "administration",
    "clients",
    "groups",
    "listing",
    "own_account",
    "pools",
    "resource_types",
    "service",
    "sign_in",
    "sign_up",
    "signing",
    "totp",
]
