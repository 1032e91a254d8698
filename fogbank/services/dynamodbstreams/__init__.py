"""DynamoDB Streams: reading what DynamoDB (`fogbank.services.dynamodb.streams`) notes about its tables."""

from fogbank.services.dynamodbstreams import descriptions, reading
from fogbank.services.dynamodbstreams.service import service

__all__ = ["descriptions", "reading", "service"]
