"""The service. Its actions are CloudFormation's (`cloudformation:CreateResource`)."""

from fogbank.kernel import Service

service = Service("cloudcontrol", iam_prefix="cloudformation")
