"""Amazon API Gateway's data plane."""

from fogbank.services.apigatewaymanagementapi import doors
from fogbank.services.apigatewaymanagementapi.service import service

__all__ = ["doors", "service"]
