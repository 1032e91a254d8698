"""AWS::ApiGateway::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html"""

from fogbank.services.apigateway.resource_types import apis, keys, parts, stages

__all__ = ["apis", "keys", "parts", "stages"]
