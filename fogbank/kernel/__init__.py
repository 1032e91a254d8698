"""What services are written with. Import from here: `from fogbank.kernel import Service, Record, AWSError, Context`."""

from fogbank.kernel.collection import Collection, Record
from fogbank.kernel.context import Context
from fogbank.kernel.errors import AWSError
from fogbank.kernel.service import Answered, Service

__all__ = ["AWSError", "Answered", "Collection", "Context", "Record", "Service"]
