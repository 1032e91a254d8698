"""AWS Key Management Service: keys, what they encrypt and sign, and who may use them.

The way in is `key.py`, whose top says how keys lie in the store; `vault.py` says what their material is encrypted under.
"""

from fogbank.services.kms import (
    agreement,
    aliases,
    data_keys,
    deletion,
    encryption,
    grants,
    import_parameters,
    imports,
    keys,
    macs,
    policies,
    regions,
    resource_types,
    rotation,
    signatures,
    stores,
    tags,
    usage,
)
from fogbank.services.kms.service import service

__all__ = [
    "agreement",
    "aliases",
    "data_keys",
    "deletion",
    "encryption",
    "grants",
    "import_parameters",
    "imports",
    "keys",
    "macs",
    "policies",
    "regions",
    "resource_types",
    "rotation",
    "service",
    "signatures",
    "stores",
    "tags",
    "usage",
]
