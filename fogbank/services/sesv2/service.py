"""The Amazon SES service, in its second version. Its operations are declared by the modules beside this one."""

from fogbank.kernel import Service

service = Service("sesv2", iam_prefix="ses")
