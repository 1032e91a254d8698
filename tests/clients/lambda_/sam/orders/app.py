import json

import humanize


def lambda_handler(event, context):
    return {"statusCode": 200, "body": json.dumps({"size": humanize.naturalsize(event["bytes"])})}
