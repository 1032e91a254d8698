// The runtime of Node.js functions: takes one invocation after another from the Runtime API and gives it to the handler.
//
// index.mjs     this loop
// api.mjs       the Runtime API as its client sees it
// handlers.mjs  finds and loads the handler
// streaming.mjs awslambda.streamifyResponse and the stream that such handlers write to
// logging.mjs   console, in Lambda's formats
// errors.mjs    error documents
// custom_resources.mjs  where CloudFormation waits for answers
//
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html

import * as api from "./api.mjs";
import * as customResources from "./custom_resources.mjs";
import * as errors from "./errors.mjs";
import { load } from "./handlers.mjs";
import * as logging from "./logging.mjs";
import { isStreaming, provide, ResponseStream } from "./streaming.mjs";

const env = process.env;
// From Node.js 24 on, handlers have no callback.
const HAS_CALLBACKS = Number(process.versions.node.split(".")[0]) < 24;

const NO_SDK =
  "The AWS SDK for JavaScript is not among the libraries of functions: run `fogbank lambda install nodejs`, or put it into the package.";

let current = null;
let isInitialised = false;

// One invocation, which is answered once: by its result, by its error, or by the end of all work.
class Invocation {
  constructor(headers, body) {
    this.id = headers["lambda-runtime-aws-request-id"];
    this.headers = headers;
    this.body = body;
    this.settled = new Promise((resolve) => (this.settle = resolve));
    this.isAnswered = false;
    this.whenIdle = () => this.succeed(null);
  }

  async answer(send) {
    if (this.isAnswered) return;
    this.isAnswered = true;
    await send();
    this.settle();
  }

  succeed(result) {
    return this.answer(async () => {
      let text;
      try {
        text = JSON.stringify(result === undefined ? null : result);
      } catch {
        const error = errors.named("Runtime.JSONStringifyError", "Unable to stringify response body");
        logging.error("Invoke Error ", error);
        await api.fail(this.id, errors.document(error));
        return;
      }
      await api.respond(this.id, text === undefined ? "null" : text);
    });
  }

  fail(error) {
    return this.answer(async () => {
      logging.error("Invoke Error ", error);
      await api.fail(this.id, errors.document(error));
    });
  }
}

function contextOf(invocation, finish) {
  const { headers } = invocation;
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const parsed = (name) => (headers[name] ? JSON.parse(headers[name]) : undefined);
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed("lambda-runtime-client-context"),
    identity: parsed("lambda-runtime-cognito-identity"),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: invocation.id,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  if (HAS_CALLBACKS) {
    context.done = (error, result) => finish(error, result, false);
    context.succeed = (result) => finish(null, result, false);
    context.fail = (error) => finish(error ?? "handled", null, false);
  }
  return context;
}

async function handleBuffered(handler, invocation, event) {
  const finish = (error, result, mayWait) => {
    const send = () => (error == null ? invocation.succeed(result) : invocation.fail(error));
    // a callback's answer waits until nothing is left to do, unless the context says otherwise
    if (mayWait && context.callbackWaitsForEmptyEventLoop) invocation.whenIdle = send;
    else send();
  };
  const context = contextOf(invocation, finish);
  const callback = HAS_CALLBACKS ? (error, result) => finish(error, result, true) : undefined;
  try {
    const returned = handler(event, context, callback);
    if (typeof returned?.then === "function") {
      returned.then(
        (result) => invocation.succeed(result),
        (error) => invocation.fail(error),
      );
    } else if (!HAS_CALLBACKS) {
      invocation.succeed(returned);
    }
  } catch (error) {
    invocation.fail(error);
  }
}

async function handleStreaming(handler, invocation, event) {
  const stream = new ResponseStream(invocation.id);
  const context = contextOf(invocation, () => stream.end());
  invocation.whenIdle = () =>
    stream.abort(errors.named("Runtime.StreamError", "The handler did not end its response stream"));
  stream.finished.then(() => invocation.answer(async () => {}));
  try {
    await handler(event, stream, context);
    if (!stream.writableEnded) stream.end();
  } catch (error) {
    logging.error("Invoke Error ", error);
    if (stream.hasBegun) stream.abort(error);
    else invocation.answer(() => api.fail(invocation.id, errors.document(error)));
  }
}

async function main() {
  provide();
  if (env.AWS_ENDPOINT_URL) customResources.lead(env.AWS_ENDPOINT_URL);
  logging.patch(() => current?.id);
  process.on("beforeExit", () => current?.whenIdle());
  dieOf("uncaughtException", "Uncaught Exception ", (error) => error, 129);
  dieOf("unhandledRejection", "Unhandled Promise Rejection ", errors.unhandledRejection, 128);
  let handler;
  try {
    handler = await load(env.LAMBDA_TASK_ROOT, process.argv[2] ?? env._HANDLER);
  } catch (error) {
    logging.error("Uncaught Exception ", error);
    if (/'@aws-sdk\//.test(error?.message)) console.warn(NO_SDK);
    await api.failInit(errors.document(error));
    process.exit(1);
  }
  await new Promise(setImmediate); // rejections that nobody has handled are told before that
  isInitialised = true;
  for (;;) {
    const { headers, body } = await api.next();
    current = new Invocation(headers, body);
    env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
    const handle = isStreaming(handler) ? handleStreaming : handleBuffered;
    handle(handler, current, JSON.parse(body));
    await current.settled;
    current = null;
  }
}

// What nobody caught ends the process, after it was told to whom it concerns.
function dieOf(signal, title, described, status) {
  process.on(signal, async (cause) => {
    const error = described(cause);
    logging.error(title, error);
    const document = errors.document(error);
    if (current !== null) await current.answer(() => api.fail(current.id, document));
    else if (!isInitialised) await api.failInit(document);
    process.exit(status);
  });
}

main();
