"""The Access Analyzer service. Analyzers and what they find belong to an account and a region."""

from fogbank.kernel import Service

service = Service("accessanalyzer", iam_prefix="access-analyzer")
