"""The Resource Groups Tagging API. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service

service = Service("resourcegroupstaggingapi", iam_prefix="tag")
