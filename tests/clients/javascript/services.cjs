// The AWS SDK for JavaScript, version 3: SQS, SNS, Lambda, Kinesis, EventBridge, DynamoDB.
const assert = require("node:assert/strict");
const dynamodb = require("@aws-sdk/client-dynamodb");
const eventbridge = require("@aws-sdk/client-eventbridge");
const kinesis = require("@aws-sdk/client-kinesis");
const lambda = require("@aws-sdk/client-lambda");
const sns = require("@aws-sdk/client-sns");
const sqs = require("@aws-sdk/client-sqs");

const queues = new sqs.SQSClient({});
const text = (bytes) => Buffer.from(bytes).toString();

const newQueue = async (QueueName) => {
  const { QueueUrl } = await queues.send(new sqs.CreateQueueCommand({ QueueName }));
  const { Attributes } = await queues.send(new sqs.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  return { QueueUrl, arn: Attributes.QueueArn };
};

const receive = async (QueueUrl) => {
  const asked = { QueueUrl, WaitTimeSeconds: 10, MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All"] };
  const { Messages } = await queues.send(new sqs.ReceiveMessageCommand(asked));
  return Messages[0];
};

exports.messagesAreSentReceivedAndDeleted = async () => {
  const { QueueUrl } = await newQueue("work");
  const MessageAttributes = {
    kind: { DataType: "String", StringValue: "job" },
    bytes: { DataType: "Binary", BinaryValue: new Uint8Array([0, 255]) },
  };
  await queues.send(new sqs.SendMessageCommand({ QueueUrl, MessageBody: "ü & <b>", MessageAttributes }));
  const found = await receive(QueueUrl); // the SDK compares MD5s of body and attributes
  assert.equal(found.Body, "ü & <b>");
  assert.deepEqual(found.MessageAttributes.bytes.BinaryValue, new Uint8Array([0, 255]));
  assert.equal(found.Attributes.ApproximateReceiveCount, "1");
  const Entries = [{ Id: "1", ReceiptHandle: found.ReceiptHandle }];
  const { Successful } = await queues.send(new sqs.DeleteMessageBatchCommand({ QueueUrl, Entries }));
  assert.deepEqual(Successful, [{ Id: "1" }]);
};

exports.errorsOfQueuesHaveTheirClasses = async () => {
  const asked = { QueueUrl: `${process.env.AWS_ENDPOINT_URL}/${process.env.AWS_ACCESS_KEY_ID}/none`, MessageBody: "x" };
  await assert.rejects(queues.send(new sqs.SendMessageCommand(asked)), (error) => {
    assert.ok(error instanceof sqs.QueueDoesNotExist);
    assert.equal(error.$metadata.httpStatusCode, 400);
    assert.ok(error.$metadata.requestId);
    return true;
  });
};

exports.aTopicPublishesToAQueue = async () => {
  const topics = new sns.SNSClient({});
  const { QueueUrl, arn } = await newQueue("inbox");
  const { TopicArn } = await topics.send(new sns.CreateTopicCommand({ Name: "news" }));
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: arn }],
  });
  await queues.send(new sqs.SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  const Attributes = { RawMessageDelivery: "true", FilterPolicy: JSON.stringify({ kind: ["good"] }) };
  await topics.send(new sns.SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: arn, Attributes }));
  for (const StringValue of ["bad", "good"]) {
    const MessageAttributes = { kind: { DataType: "String", StringValue } };
    await topics.send(new sns.PublishCommand({ TopicArn, Message: `${StringValue} news`, MessageAttributes }));
  }
  assert.equal((await receive(QueueUrl)).Body, "good news");
  await assert.rejects(topics.send(new sns.PublishCommand({ TopicArn: `${TopicArn}x`, Message: "x" })), sns.NotFoundException);
};

exports.aRuleSendsEventsToAQueue = async () => {
  const events = new eventbridge.EventBridgeClient({});
  const { QueueUrl, arn } = await newQueue("orders");
  const EventPattern = JSON.stringify({ source: ["shop"], detail: { total: [{ numeric: [">", 10] }] } });
  const { RuleArn } = await events.send(new eventbridge.PutRuleCommand({ Name: "large", EventPattern }));
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "events.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: arn,
        Condition: { ArnEquals: { "aws:SourceArn": RuleArn } },
      },
    ],
  });
  await queues.send(new sqs.SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  await events.send(new eventbridge.PutTargetsCommand({ Rule: "large", Targets: [{ Id: "queue", Arn: arn }] }));
  const entry = (total) => ({ Source: "shop", DetailType: "order", Detail: JSON.stringify({ total }), Time: new Date() });
  const put = await events.send(new eventbridge.PutEventsCommand({ Entries: [entry(5), entry(50), { Source: "shop" }] }));
  assert.equal(put.FailedEntryCount, 1);
  assert.deepEqual(JSON.parse((await receive(QueueUrl)).Body).detail, { total: 50 });
};

exports.aFunctionIsInvoked = async () => {
  const functions = new lambda.LambdaClient({});
  const FunctionName = process.env.FUNCTION;
  await lambda.waitUntilFunctionActiveV2({ client: functions, maxWaitTime: 30 }, { FunctionName });
  const Payload = JSON.stringify({ name: "Ada" });
  const answer = await functions.send(new lambda.InvokeCommand({ FunctionName, Payload, LogType: "Tail" }));
  assert.deepEqual([answer.StatusCode, answer.ExecutedVersion], [200, "$LATEST"]);
  assert.deepEqual(JSON.parse(answer.Payload.transformToString()), { hello: "Ada" });
  assert.match(Buffer.from(answer.LogResult, "base64").toString(), /greeting Ada/);
  const failed = await functions.send(new lambda.InvokeCommand({ FunctionName, Payload: "{}" }));
  assert.equal(failed.FunctionError, "Unhandled");
  assert.equal(JSON.parse(failed.Payload.transformToString()).errorType, "KeyError");
  const missing = new lambda.InvokeCommand({ FunctionName: "none" });
  await assert.rejects(functions.send(missing), lambda.ResourceNotFoundException);
};

exports.aStreamIsReadByShardsAndPushedOverHttp2 = async () => {
  const streams = new kinesis.KinesisClient({});
  const StreamName = "clicks";
  await streams.send(new kinesis.CreateStreamCommand({ StreamName, ShardCount: 1 }));
  await kinesis.waitUntilStreamExists({ client: streams, maxWaitTime: 30 }, { StreamName });
  const { StreamDescription } = await streams.send(new kinesis.DescribeStreamCommand({ StreamName }));
  const { StreamARN, Shards } = StreamDescription;
  const ShardId = Shards[0].ShardId;
  await streams.send(new kinesis.PutRecordCommand({ StreamName, PartitionKey: "a", Data: Buffer.from("one") }));

  const { ShardIterator } = await streams.send(
    new kinesis.GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" }),
  );
  const { Records } = await streams.send(new kinesis.GetRecordsCommand({ ShardIterator }));
  assert.deepEqual(Records.map((each) => text(each.Data)), ["one"]);
  assert.ok(Records[0].ApproximateArrivalTimestamp instanceof Date);

  const { Consumer } = await streams.send(new kinesis.RegisterStreamConsumerCommand({ StreamARN, ConsumerName: "app" }));
  for (let status = ""; status !== "ACTIVE"; ) {
    const found = await streams.send(new kinesis.DescribeStreamConsumerCommand({ ConsumerARN: Consumer.ConsumerARN }));
    status = found.ConsumerDescription.ConsumerStatus;
  }
  const { EventStream } = await streams.send(
    new kinesis.SubscribeToShardCommand({
      ConsumerARN: Consumer.ConsumerARN,
      ShardId,
      StartingPosition: { Type: "TRIM_HORIZON" },
    }),
  );
  const seen = [];
  for await (const event of EventStream) {
    const records = event.SubscribeToShardEvent.Records.map((each) => text(each.Data));
    seen.push(...records);
    if (records.includes("one")) {
      await streams.send(new kinesis.PutRecordCommand({ StreamName, PartitionKey: "a", Data: Buffer.from("two") }));
    }
    if (seen.includes("two")) break;
  }
  assert.deepEqual(seen, ["one", "two"]);
};

exports.aTableTakesItemsAndConditions = async () => {
  const tables = new dynamodb.DynamoDBClient({});
  const TableName = "users";
  await tables.send(
    new dynamodb.CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    }),
  );
  await dynamodb.waitUntilTableExists({ client: tables, maxWaitTime: 30 }, { TableName });
  const Item = { id: { S: "1" }, bytes: { B: new Uint8Array([1, 2]) }, numbers: { NS: ["1", "2.5"] }, none: { NULL: true } };
  const put = new dynamodb.PutItemCommand({ TableName, Item, ConditionExpression: "attribute_not_exists(id)" });
  await tables.send(put);
  const found = await tables.send(new dynamodb.GetItemCommand({ TableName, Key: { id: Item.id } }));
  assert.deepEqual(found.Item, Item);
  await assert.rejects(tables.send(put), dynamodb.ConditionalCheckFailedException);
};
