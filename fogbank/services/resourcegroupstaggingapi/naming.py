"""The ARNs of resources whose properties do not tell them, and the types whose resources are listed by what they are parts of."""

from __future__ import annotations

from fogbank.kernel import Context

# {0} and {1} are the parts of the identifier
_ARNS = {
    "AWS::ApiGateway::RestApi": "apigateway:{region}::/restapis/{0}",
    "AWS::ApiGateway::Stage": "apigateway:{region}::/restapis/{0}/stages/{1}",
    "AWS::ApiGateway::ApiKey": "apigateway:{region}::/apikeys/{0}",
    "AWS::ApiGateway::UsagePlan": "apigateway:{region}::/usageplans/{0}",
    "AWS::ApiGateway::ClientCertificate": "apigateway:{region}::/clientcertificates/{0}",
    "AWS::ApiGatewayV2::Api": "apigateway:{region}::/apis/{0}",
    "AWS::ApiGatewayV2::Stage": "apigateway:{region}::/apis/{0}/stages/{1}",
    "AWS::Route53::HostedZone": "route53:::hostedzone/{0}",
    "AWS::Route53::HealthCheck": "route53:::healthcheck/{0}",
    "AWS::SES::ConfigurationSet": "ses:{region}:{account}:configuration-set/{0}",
    "AWS::SES::ContactList": "ses:{region}:{account}:contact-list/{0}",
    "AWS::SES::DedicatedIpPool": "ses:{region}:{account}:dedicated-ip-pool/{0}",
    "AWS::SES::EmailIdentity": "ses:{region}:{account}:identity/{0}",
    "AWS::SSM::Parameter": "ssm:{region}:{account}:parameter/{0}",
}

PARENTS = {
    "AWS::ApiGateway::Stage": ("AWS::ApiGateway::RestApi", "RestApiId"),
    "AWS::ApiGatewayV2::Stage": ("AWS::ApiGatewayV2::Api", "ApiId"),
    "AWS::S3Tables::Table": ("AWS::S3Tables::TableBucket", "TableBucketARN"),
}
"""By type: the type of what its resources are parts of, and the property that has its identifier."""


def told(ctx: Context, kind: str, identifier: str) -> str | None:
    """The ARN of a resource of a type that has a form of its own."""
    form = _ARNS.get(kind)
    if form is None:
        return None
    parts = identifier.removeprefix("/").split("|")
    return f"arn:{ctx.partition}:" + form.format(*parts, region=ctx.region, account=ctx.account)
