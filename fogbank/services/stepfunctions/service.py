"""The Step Functions service. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service

service = Service("stepfunctions", iam_prefix="states")
