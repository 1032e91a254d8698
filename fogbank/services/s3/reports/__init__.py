"""What S3 itself writes about buckets: inventories, access logs, metrics."""
