"""Metadata tables: what happens in a bucket, and what is in it, as Iceberg tables of S3 Tables."""
