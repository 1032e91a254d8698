"""Tables as files in S3: what exports and imports have in common, and the formats that they write and read."""
