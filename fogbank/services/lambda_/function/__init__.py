"""What functions are: made, described, changed, published, deleted; their aliases, tags and configuration."""
