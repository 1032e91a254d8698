// What people build first: a topic, a queue behind it, a function behind that, and a table.
const path = require("node:path");
const { createRequire } = require("node:module");
const required = createRequire(path.join(process.env.CDK_LIBRARIES, "package.json"));
const cdk = required("aws-cdk-lib");
const { aws_dynamodb: dynamodb, aws_lambda: lambda, aws_lambda_event_sources: sources } = cdk;
const { aws_sns: sns, aws_sns_subscriptions: subscriptions, aws_sqs: sqs } = cdk;

class Shop extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id);
    const queue = new sqs.Queue(this, "Orders");
    const topic = new sns.Topic(this, "Topic");
    topic.addSubscription(new subscriptions.SqsSubscription(queue, { rawMessageDelivery: true }));
    const table = new dynamodb.Table(this, "Table", {
      partitionKey: { name: "pk", type: dynamodb.AttributeType.STRING },
      removalPolicy: cdk.RemovalPolicy.DESTROY,
    });
    const handler = new lambda.Function(this, "Function", {
      runtime: new lambda.Runtime(process.env.PYTHON_RUNTIME, lambda.RuntimeFamily.PYTHON),
      handler: "index.handler",
      code: lambda.Code.fromAsset(path.join(__dirname, "function")),
      environment: { TABLE: table.tableName, STAGE: process.env.STAGE ?? "one" },
    });
    table.grantReadWriteData(handler);
    handler.addEventSource(new sources.SqsEventSource(queue));
    new cdk.CfnOutput(this, "TopicArn", { value: topic.topicArn });
    new cdk.CfnOutput(this, "TableName", { value: table.tableName });
    new cdk.CfnOutput(this, "FunctionName", { value: handler.functionName });
  }
}

new Shop(new cdk.App(), "Shop");
