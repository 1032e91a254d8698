"""Amazon SES (API v1): see docs/services/ses.md for what is real and what is not."""

from fogbank.services.ses import links, tasks
from fogbank.services.ses.service import service

__all__ = ["links", "service", "tasks"]
