"""Whole applications: what happens to a bucket or to a queue reaches a function, with no more rights than AWS's examples give it."""

import json

from tests.clients.lambda_.conftest import eventually, zipped
from tests.services.lambda_.functions import TRUST

PROCESSOR = """
import { S3Client, GetObjectCommand } from '@aws-sdk/client-s3';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';

const s3 = new S3Client();
const ddb = new DynamoDBClient();

export const handler = async (event) => {
    for (const record of event.Records) {
        const bucket = record.s3.bucket.name;
        const key = decodeURIComponent(record.s3.object.key);

        // 1. Fetch document from S3
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        const text = await Body.transformToString();

        // 2. Store processing metadata in DynamoDB
        await ddb.send(new PutItemCommand({
            TableName: process.env.METADATA_TABLE,
            Item: {
                documentId: { S: key },
                processedAt: { S: new Date().toISOString() },
                status: { S: 'processed' },
                sizeBytes: { N: String(record.s3.object.size) },
            },
        }));
    }
};
"""


def role(aws, name, **allowed):
    """A role that may do these: {name: (actions, resource)}."""
    iam = aws("iam")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    for policy, (actions, resource) in allowed.items():
        statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)
    return made["Role"]["Arn"]


def table(aws, name, key):
    aws("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return f"arn:aws:dynamodb:us-east-1:{aws.account}:table/{name}"


def test_documents_of_a_bucket_are_noted_in_a_table(aws, app, package):
    package("libraries/nodejs/node_modules")
    bucket = f"documents-{aws.account}"
    aws("s3").create_bucket(Bucket=bucket)
    app.role = role(
        aws,
        "processor",
        read=(["s3:GetObject", "s3:ListBucket"], [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]),
        write=(["dynamodb:PutItem"], table(aws, "Metadata", "documentId")),
    )
    arn = app.make(
        zipped({"processor.mjs": PROCESSOR}),
        runtime="nodejs22.x",
        handler="processor.handler",
        variables={"METADATA_TABLE": "Metadata"},
    )
    app.client.add_permission(
        FunctionName="app",
        StatementId="bucket",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{bucket}",
    )
    rules = {"FilterRules": [{"Name": "suffix", "Value": ".pdf"}]}
    notification = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": rules}}
    aws("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [notification]}
    )
    for key in ("note.txt", "reports/ü.pdf"):
        aws("s3").put_object(Bucket=bucket, Key=key, Body=b"12345")
    items = eventually(lambda: aws("dynamodb").scan(TableName="Metadata")["Items"])
    noted = [{name: item[name] for name in ("documentId", "status", "sizeBytes")} for item in items]
    assert noted == [{"documentId": {"S": "reports/ü.pdf"}, "status": {"S": "processed"}, "sizeBytes": {"N": "5"}}]


ORDERS = """
import json
import boto3

# Initialization code runs ONCE per cold start (reused on warm starts)
dynamodb = boto3.resource("dynamodb")
table = dynamodb.Table("Orders")

def handler(event, context):
    \"\"\"Triggered by API Gateway POST /orders\"\"\"
    body = json.loads(event["body"])
    table.put_item(Item={
        "orderId": body["id"],
        "amount": body["amount"],
        "status": "pending"
    })
    return {
        "statusCode": 201,
        "body": json.dumps({"message": "Order created"})
    }
"""


def test_orders_that_are_posted_are_in_a_table(aws, app):
    app.role = role(aws, "orders", write=(["dynamodb:PutItem"], table(aws, "Orders", "orderId")))
    app.make(zipped({"app.py": ORDERS}))
    answer = app.url()("POST", "/orders", json={"id": "O-1", "amount": 7})
    assert (answer.status, answer.json()) == (201, {"message": "Order created"})
    item = aws("dynamodb").get_item(TableName="Orders", Key={"orderId": {"S": "O-1"}})["Item"]
    assert item == {"orderId": {"S": "O-1"}, "amount": {"N": "7"}, "status": {"S": "pending"}}


TRACED = """
from aws_xray_sdk.core import xray_recorder, patch_all
patch_all() # Auto-instrument boto3, requests, etc.

@xray_recorder.capture("process_payment")
def process_payment(order):
    # Add annotation for filtering in X-Ray console
    xray_recorder.current_subsegment().put_annotation("orderId", order["id"])
    xray_recorder.current_subsegment().put_annotation("amount", order["amount"])
    # ... payment logic
    return {"status": "success"}

def handler(event, context):
    subsegment = xray_recorder.begin_subsegment("validate_input")
    order = event
    xray_recorder.end_subsegment()

    result = process_payment(order)
    return result
"""


def test_the_x_ray_sdk_finds_its_segment(app, package):
    app.make(zipped(package("python/powertools"), {"app.py": TRACED}), TracingConfig={"Mode": "Active"})
    assert app.invoke({"id": "O-1", "amount": 7}) == {"status": "success"}
    assert not [line for line in app.log({"id": "O-2", "amount": 7}) if "ERROR" in line]
