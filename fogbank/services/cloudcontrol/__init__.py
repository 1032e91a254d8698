"""AWS Cloud Control API: create, read, update, delete and list resources of any type in one way.

https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/what-is-cloudcontrolapi.html
"""

from fogbank.services.cloudcontrol import requests, resources
from fogbank.services.cloudcontrol.service import service

__all__ = ["requests", "resources", "service"]
