"""The STS service. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service

# A role is entered only through its trust policy: identity policies alone do not open it.
service = Service("sts", sovereign_policies=True)
