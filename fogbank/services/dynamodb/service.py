"""The DynamoDB service. Its operations are declared by the modules beside this one.

Attribute values are passed through as plain JSON: they have rules and error texts of their own (`values.py`).
"""

from fogbank.kernel import Service

service = Service("dynamodb", documents=frozenset({"AttributeValue"}))
