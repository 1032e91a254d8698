"""AWS Lambda: see docs/services/lambda.md for what is real and what is not."""

from fogbank.services.lambda_ import functions, invoking, queueing
from fogbank.services.lambda_.service import service

__all__ = ["functions", "invoking", "queueing", "service"]
