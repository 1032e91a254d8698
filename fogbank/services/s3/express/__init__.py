"""Directory buckets (S3 Express One Zone)."""
