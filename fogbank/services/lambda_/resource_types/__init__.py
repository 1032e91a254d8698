"""AWS::Lambda::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html"""

from fogbank.services.lambda_.resource_types import calling, functions, governing, layers, permissions, versions

__all__ = ["calling", "functions", "governing", "layers", "permissions", "versions"]
