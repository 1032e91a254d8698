"""Which operations are of the data plane: CloudTrail has their calls as data events, which are off unless somebody asks for them.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html. All other calls are management events,
which EventBridge gets.
"""

from __future__ import annotations

import re

_S3_OBJECTS = re.compile(r"object(?!_lock_configuration)|_part|multipart|head_bucket|create_session")
_OPERATIONS = {
    "cloudwatch": {"put_metric_data", "get_metric_data", "get_metric_statistics", "get_metric_widget_image"},
    "dynamodb": {
        "batch_execute_statement",
        "batch_get_item",
        "batch_write_item",
        "delete_item",
        "execute_statement",
        "execute_transaction",
        "get_item",
        "put_item",
        "query",
        "scan",
        "search_vectors",
        "transact_get_items",
        "transact_write_items",
        "update_item",
    },
    "dynamodbstreams": {"get_records", "get_shard_iterator"},
    "events": {"put_events", "put_partner_events"},
    "firehose": {"put_record", "put_record_batch"},
    "kinesis": {"get_records", "get_shard_iterator", "put_record", "put_records", "subscribe_to_shard"},
    "lambda": {"invoke", "invoke_async", "invoke_with_response_stream"},
    "logs": {"filter_log_events", "get_log_events", "put_log_events", "start_live_tail"},
    "s3vectors": {"delete_vectors", "get_vectors", "list_vectors", "put_vectors", "query_vectors"},
    "ses": {"send_bulk_templated_email", "send_email", "send_raw_email", "send_templated_email"},
    "sesv2": {"send_bulk_email", "send_email"},
    "sns": {"publish", "publish_batch"},
    "sqs": {
        "change_message_visibility",
        "change_message_visibility_batch",
        "delete_message",
        "delete_message_batch",
        "receive_message",
        "send_message",
        "send_message_batch",
    },
    "xray": {
        "batch_get_traces",
        "get_sampling_statistic_summaries",
        "get_sampling_targets",
        "get_service_graph",
        "get_time_series_service_statistics",
        "get_trace_graph",
        "get_trace_summaries",
        "put_telemetry_records",
        "put_trace_segments",
    },
}
# Services all of whose operations carry data.
_WHOLE = frozenset({"kinesis-video-media", "qldb-session", "rds-data", "redshift-data"})


def is_data_event(service: str, operation: str) -> bool:
    """Is an operation (in snake case) of the data plane?"""
    if service == "s3":
        return _S3_OBJECTS.search(operation) is not None
    return service in _WHOLE or operation in _OPERATIONS.get(service, ())
