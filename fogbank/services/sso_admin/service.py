"""The administration of IAM Identity Center. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service

service = Service("sso-admin", iam_prefix="sso")
