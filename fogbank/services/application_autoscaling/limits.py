"""Quotas. https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-quotas.html"""

TARGETS = {"dynamodb": 5_000, "ecs": 3_000, "cassandra": 1_500}
"""Scalable targets of a service; of those that are not here `OTHER_TARGETS`."""
OTHER_TARGETS = 500
POLICIES = 50
SCHEDULED_ACTIONS = 200
STEPS = 20
TAGS = 50

PAGE = 50
POLICIES_PAGE = 10
"""A policy is described with its alarms, which have to be looked up."""

ACTIVITY_SECONDS = 6 * 7 * 86_400
"""How long activities are kept."""
