"""Access points and Object Lambda, as S3 meets them."""
