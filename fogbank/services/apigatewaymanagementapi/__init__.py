"""Amazon API Gateway's data plane."""

from fogbank.services.apigatewaymanagementapi import connections, doors
from fogbank.services.apigatewaymanagementapi.service import service

__all__ = ["connections", "doors", "service"]
