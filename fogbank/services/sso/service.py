"""The AWS access portal. Its operations are declared by the modules beside this one."""

from fogbank.kernel import AWSError, Service

service = Service(
    "sso",
    iam_prefix="awsssoportal",
    validation_error=lambda message, violations: AWSError("InvalidRequestException", message),
)
