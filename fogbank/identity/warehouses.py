"""What S3 Tables asks of S3: the hidden buckets that hold the files of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context

SUFFIX = "--table-s3"


class Warehouses(Protocol):
    """All functions take a context inside a transaction, in the account and region of the table."""

    async def create(self, ctx: Context, name: str, algorithm: str, kms_key: str) -> None:
        """Make a bucket that the account's principals can read and write, but see in no listing. `kms_key` is an ARN or empty."""

    async def delete(self, ctx: Context, name: str) -> None:
        """Remove the bucket with everything in it, soon."""

    async def delete_files(self, ctx: Context, name: str, keys: list[str]) -> None:
        """Remove these objects of the bucket, those that are there."""


def of(app: App) -> Warehouses:
    service = app.services.get("s3")
    assert service is not None
    found: Warehouses = service.provided["warehouses"]
    return found
