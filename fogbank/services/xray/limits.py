"""Limits: https://docs.aws.amazon.com/general/latest/gr/xray.html#limits_xray"""

from __future__ import annotations

DOCUMENT_BYTES = 64 << 10
RETENTION_SECONDS = 30 * 86400
TRACE_SECONDS = 7 * 86400
"""So long may a trace last."""
ANNOTATIONS = 50
"""Indexed of one trace."""

SUMMARY_HOURS = 24
GRAPH_HOURS = 6

GROUPS = 25
SAMPLING_RULES = 25
TAGS = 50
POLICIES = 5
POLICY_BYTES = 5 << 10

BATCH = 5
"""Traces of one BatchGetTraces. https://docs.aws.amazon.com/xray/latest/api/API_BatchGetTraces.html"""

OTLP_BYTES = 5 << 20
OTLP_SPANS = 10_000
SPAN_BYTES = 200 << 10
