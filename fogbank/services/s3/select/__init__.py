"""S3 Select: SQL over one object. A query is parsed (`parser`), compiled for the object's columns (`evaluation`) and run (`queries`)."""

from fogbank.services.s3.select import operation

__all__ = ["operation"]
