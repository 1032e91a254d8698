"""The types of CloudFormation that are named after S3."""
