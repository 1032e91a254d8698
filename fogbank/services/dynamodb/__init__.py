"""Amazon DynamoDB. The way in is `items.py`; `schema.py` says at its top how items lie in the store, `rows.py` writes them."""

from fogbank.services.dynamodb import (
    account,
    backups,
    batches,
    changes,
    exports,
    imports,
    items,
    reads,
    recovery,
    tables,
    tags,
    transactions,
    ttl,
    upkeep,
)
from fogbank.services.dynamodb.partiql import statements
from fogbank.services.dynamodb.service import service

__all__ = [
    "account",
    "backups",
    "batches",
    "changes",
    "exports",
    "imports",
    "items",
    "reads",
    "recovery",
    "service",
    "statements",
    "tables",
    "tags",
    "transactions",
    "ttl",
    "upkeep",
]
