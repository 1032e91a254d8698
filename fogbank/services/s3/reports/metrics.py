"""Configurations of request metrics and of storage class analysis.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-configurations.html. They are checked, kept and listed; nothing is
measured by them yet, which their answers say.
"""

from __future__ import annotations

from fogbank.services.s3.lifecycle import filters
from fogbank.services.s3.records import Home
from fogbank.services.s3.reports import deliveries
from fogbank.services.s3.settings import Document, declare_many


async def _check_metrics(home: Home, document: Document) -> None:
    filters.check(document.get("Filter"))


async def _check_analytics(home: Home, document: Document) -> None:
    filters.check(document.get("Filter"))
    export = document["StorageClassAnalysis"].get("DataExport")
    if export is not None:
        await deliveries.check_destination(home, export["Destination"]["S3BucketDestination"]["Bucket"])


declare_many("metrics", "Metrics", _check_metrics, fidelity="derived")
declare_many("analytics", "Analytics", _check_analytics, fidelity="derived")
