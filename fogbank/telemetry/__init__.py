"""What a server tells about itself: metrics and logs. Services are unaware of it."""
