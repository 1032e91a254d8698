"""AWS IAM Access Analyzer: who can get in from outside, what nobody uses, and whether policies say what they should."""

from fogbank.services.accessanalyzer import policy_checks, policy_validation
from fogbank.services.accessanalyzer.service import service

__all__ = ["policy_checks", "policy_validation", "service"]
