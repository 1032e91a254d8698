"""CloudWatch Logs Insights: queries over log events. See docs/services/logs-insights.md.

`query` reads and runs a query over rows; it and the modules that it uses are pure. `events` makes rows of events; the others have
the operations.
"""

from fogbank.services.logs.insights import definitions, delivering, fields, queries, results, scheduled

__all__ = ["definitions", "delivering", "fields", "queries", "results", "scheduled"]
