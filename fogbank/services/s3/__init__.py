"""Amazon S3: see docs/services/s3.md for what is real and what is not.

`records` says what is kept and where it lies, `settings` how a bucket's configurations do, `changes` tells a change to whom
it concerns, `errors` has the refusals. The packages beside them are the themes of S3; `object` is where to begin to read.
"""

from fogbank.services.s3 import select
from fogbank.services.s3.access_point import object_answers, object_lambda
from fogbank.services.s3.bucket import acceleration, buckets, provided, warehouses
from fogbank.services.s3.encryption import configuration as bucket_encryption
from fogbank.services.s3.express import directories, directory_objects, directory_sessions
from fogbank.services.s3.lifecycle import configuration as lifecycle
from fogbank.services.s3.lifecycle import restoring, tiering
from fogbank.services.s3.lifecycle import runs as lifecycle_runs
from fogbank.services.s3.locking import object_lock
from fogbank.services.s3.metadata import configurations as metadata_configurations
from fogbank.services.s3.metadata import writing as metadata_writing
from fogbank.services.s3.notification import notifications, older_notifications
from fogbank.services.s3.object import annotating, copies, lists, objects, reads, tagging, torrents
from fogbank.services.s3.permissions import abac, acls, charges, payment, policies
from fogbank.services.s3.replication import configuration as replication
from fogbank.services.s3.replication import replicating
from fogbank.services.s3.reports import access_logs, analytics, inventories, inventory, request_metrics
from fogbank.services.s3.service import service
from fogbank.services.s3.templates import access_types, express_types, lens_types, policy_types, resource_types
from fogbank.services.s3.upload import completions, posts, uploads
from fogbank.services.s3.upload import lists as upload_lists
from fogbank.services.s3.web import cors, website, website_pages

directories.take_sessions()

__all__ = [
    "abac",
    "acceleration",
    "access_logs",
    "access_types",
    "acls",
    "analytics",
    "annotating",
    "bucket_encryption",
    "buckets",
    "charges",
    "completions",
    "copies",
    "cors",
    "directories",
    "directory_objects",
    "directory_sessions",
    "express_types",
    "inventories",
    "inventory",
    "lens_types",
    "lifecycle",
    "lifecycle_runs",
    "lists",
    "metadata_configurations",
    "metadata_writing",
    "notifications",
    "object_answers",
    "object_lambda",
    "object_lock",
    "objects",
    "older_notifications",
    "payment",
    "policies",
    "policy_types",
    "posts",
    "provided",
    "reads",
    "replicating",
    "replication",
    "request_metrics",
    "resource_types",
    "restoring",
    "select",
    "service",
    "tagging",
    "tiering",
    "torrents",
    "upload_lists",
    "uploads",
    "warehouses",
    "website",
    "website_pages",
]
