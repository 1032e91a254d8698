"""The Systems Manager service. Its operations are declared by the modules beside this one; those of Parameter Store so far."""

from fogbank.kernel import Service

service = Service("ssm")
