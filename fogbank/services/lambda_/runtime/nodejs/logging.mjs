// console as functions have it: each message is one log event, in lines with tabs or in JSON.
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html

import fs from "node:fs";
import { format } from "node:util";
import { detailed, document } from "./errors.mjs";

const LEVELS = { TRACE: 0, DEBUG: 1, INFO: 2, WARN: 3, ERROR: 4, FATAL: 5 };
const METHODS = { trace: "TRACE", debug: "DEBUG", info: "INFO", log: "INFO", warn: "WARN", error: "ERROR", fatal: "FATAL" };
const FRAME = 0xa55a0003;
const { AWS_LAMBDA_LOG_FORMAT, AWS_LAMBDA_LOG_LEVEL, _LAMBDA_TELEMETRY_LOG_FD } = process.env;
const descriptor = Number(_LAMBDA_TELEMETRY_LOG_FD || 1);
const isJson = AWS_LAMBDA_LOG_FORMAT === "JSON";
const least = isJson ? (LEVELS[AWS_LAMBDA_LOG_LEVEL] ?? 0) : 0;
const pause = new Int32Array(new SharedArrayBuffer(4));

let requestId = () => undefined;

export function patch(currentRequestId) {
  requestId = currentRequestId;
  delete process.env._LAMBDA_TELEMETRY_LOG_FD;
  for (const [method, level] of Object.entries(METHODS)) {
    console[method] = (message, ...rest) => {
      if (LEVELS[level] >= least) write(isJson ? asJson(level, message, rest) : asText(level, format(message, ...rest)));
    };
  }
}

// An error that nobody caught.
export function error(title, cause) {
  if (isJson) write(asJson("ERROR", cause, []));
  else write(asText("ERROR", `${title}\t${JSON.stringify(detailed(cause))}`));
}

function asText(level, message) {
  return `${new Date().toISOString()}\t${requestId() ?? "undefined"}\t${level}\t${message}`;
}

function asJson(level, message, rest) {
  const entry = { timestamp: new Date().toISOString(), level, requestId: requestId() };
  if (rest.length > 0) return JSON.stringify({ ...entry, message: format(message, ...rest), ...errorIn([message, ...rest]) });
  if (message instanceof Error) {
    const { errorType, errorMessage, trace } = document(message);
    return JSON.stringify({ ...entry, message: { errorType, errorMessage, stackTrace: trace.slice(1) } });
  }
  try {
    return JSON.stringify({ ...entry, message });
  } catch {
    return JSON.stringify({ ...entry, message: format(message) });
  }
}

function errorIn(values) {
  const found = values.find((value) => value instanceof Error);
  if (found === undefined) return {};
  const { errorType, errorMessage, trace } = document(found);
  return { errorType, errorMessage, stackTrace: trace.slice(1) };
}

function write(text) {
  const data = Buffer.from(text);
  const head = Buffer.alloc(16);
  head.writeUInt32BE(FRAME, 0);
  head.writeUInt32BE(data.length, 4);
  head.writeBigUInt64BE(BigInt(Date.now()) * 1000n, 8);
  writeAll(Buffer.concat([head, data]));
}

function writeAll(data) {
  let offset = 0;
  while (offset < data.length) {
    try {
      offset += fs.writeSync(descriptor, data, offset);
    } catch (cause) {
      if (cause.code !== "EAGAIN") throw cause;
      Atomics.wait(pause, 0, 0, 1); // the pipe is full: the other end is about to read
    }
  }
}
