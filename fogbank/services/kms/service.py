"""The KMS service. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service

# A key's policy is the root of all authority over it: IAM policies only count when it says so.
service = Service("kms", sovereign_policies=True)
