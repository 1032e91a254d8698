import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import { Logger } from "@aws-lambda-powertools/logger";
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { getParameter } from "@aws-lambda-powertools/parameters/ssm";
import { IdempotencyConfig, makeIdempotent } from "@aws-lambda-powertools/idempotency";
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { Tracer } from "@aws-lambda-powertools/tracer";
import { captureLambdaHandler } from "@aws-lambda-powertools/tracer/middleware";
import httpErrorHandler from "@middy/http-error-handler";
import jsonBodyParser from "@middy/http-json-body-parser";
import middy from "@middy/core";
import type { Context, SQSEvent, SQSRecord } from "aws-lambda";

interface Order {
  id: string;
  count: number;
}

const logger = new Logger({ serviceName: "orders" });
const metrics = new Metrics({ namespace: "Shop", serviceName: "orders" });
const tracer = new Tracer({ serviceName: "orders" });

export const take = middy<Order, unknown, Error, Context>()
  .use(injectLambdaContext(logger))
  .use(captureLambdaHandler(tracer))
  .handler(async (event: Order, context: Context) => {
    logger.info("taking", { order: event.id });
    metrics.addMetric("taken", MetricUnit.Count, event.count);
    metrics.publishStoredMetrics();
    return { order: event.id, price: await getParameter("/shop/price"), request: context.awsRequestId };
  });

const processor = new BatchProcessor(EventType.SQS);

export const consume = async (event: SQSEvent, context: Context) =>
  processPartialResponse(
    event,
    async (record: SQSRecord) => {
      if (record.body.startsWith("bad")) throw new Error(`cannot handle ${record.body}`);
    },
    processor,
    { context, throwOnFullBatchFailure: false },
  );

let charges = 0;

export const pay = makeIdempotent(async (order: Order, _context: Context) => ({ order: order.id, charges: ++charges }), {
  persistenceStore: new DynamoDBPersistenceLayer({ tableName: process.env.TABLE ?? "" }),
  config: new IdempotencyConfig({ eventKeyJmesPath: "id" }),
});

export const receive = middy()
  .use(jsonBodyParser())
  .use(httpErrorHandler())
  .handler(async (event) => ({
    statusCode: 200,
    body: JSON.stringify({ got: (event.body as unknown as Order).id }),
  }));
