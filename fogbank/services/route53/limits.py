"""https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html"""

ZONES = 500
RECORDS = 10_000
HEALTH_CHECKS = 200
CHANGES = 1000
PAGE = 100
RECORDS_PAGE = 300
TAGS = 10
PENDING_SECONDS = 2
"""AWS needs up to 60 seconds until all of its servers know of a change. Answers have it here as soon as it is made."""
HISTORY_SECONDS = 30 * 86400
"""So long a change can be asked for."""
MULTIVALUE_ANSWERS = 8
SOA_TTL, NS_TTL, ALIAS_TTL, NEGATIVE_TTL = 900, 172800, 60, 86400
