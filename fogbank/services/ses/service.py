"""The Amazon SES service, in its first version. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service

service = Service("ses")
