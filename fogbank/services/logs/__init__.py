"""Amazon CloudWatch Logs: see docs/services/logs.md for what is real and what is not."""

from fogbank.services.logs import filtering, groups, policies, reading, settings, streams, tags, writing
from fogbank.services.logs.service import service

__all__ = ["filtering", "groups", "policies", "reading", "service", "settings", "streams", "tags", "writing"]
