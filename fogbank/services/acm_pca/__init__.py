"""AWS Private CA: certificate authorities of one's own. The way in is `authority.py`."""

from fogbank.services.acm_pca import (
    audits,
    authorities,
    installing,
    issuing,
    ocsp,
    permissions,
    resource_types,
    revocation_lists,
    tags,
)
from fogbank.services.acm_pca.service import service

__all__ = [
    "audits",
    "authorities",
    "installing",
    "issuing",
    "ocsp",
    "permissions",
    "resource_types",
    "revocation_lists",
    "service",
    "tags",
]
