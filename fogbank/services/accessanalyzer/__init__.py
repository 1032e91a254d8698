"""AWS IAM Access Analyzer: who can get in from outside, what nobody uses, and whether policies say what they should."""

from fogbank.services.accessanalyzer import (
    analyzers,
    archive_rules,
    findings,
    policy_checks,
    policy_generation,
    policy_validation,
    previews,
    recommendations,
    resource_types,
    resources,
    scanning,
)
from fogbank.services.accessanalyzer.service import service

__all__ = [
    "analyzers",
    "archive_rules",
    "findings",
    "policy_checks",
    "policy_generation",
    "policy_validation",
    "previews",
    "recommendations",
    "resource_types",
    "resources",
    "scanning",
    "service",
]
