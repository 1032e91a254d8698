"""The service: an API of its own on DynamoDB's state, with DynamoDB's IAM actions."""

from fogbank.kernel import Service

service = Service("dynamodbstreams", iam_prefix="dynamodb", documents=frozenset({"AttributeValue"}))
