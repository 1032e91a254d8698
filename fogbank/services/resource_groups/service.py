"""The Resource Groups service. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service

service = Service("resource-groups")
