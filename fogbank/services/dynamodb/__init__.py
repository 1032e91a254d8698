"""Amazon DynamoDB. The way in is `items.py`; the top of `schema.py` says how items lie in the store, `rows.py` is where they are written."""

from fogbank.services.dynamodb import account, batches, changes, items, reads, tables, tags, transactions, ttl, upkeep
from fogbank.services.dynamodb.service import service

__all__ = [
    "account",
    "batches",
    "changes",
    "items",
    "reads",
    "service",
    "tables",
    "tags",
    "transactions",
    "ttl",
    "upkeep",
]
