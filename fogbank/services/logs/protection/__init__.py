"""Data protection: sensitive data in log events is found when it comes in, told of, and masked for who may not see it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/mask-sensitive-log-data.html
"""
