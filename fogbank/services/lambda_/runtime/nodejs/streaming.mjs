// Responses that are sent while they are written: https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html

import { Writable } from "node:stream";
import * as api from "./api.mjs";
import * as errors from "./errors.mjs";

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HTTP_RESPONSE = "application/vnd.awslambda.http-integration-response";

export const isStreaming = (handler) => handler[STREAMING] === "response";

// The global object `awslambda` that handlers find.
export function provide() {
  const streamifyResponse = (handler, options) => {
    handler[STREAMING] = "response";
    if (options?.highWaterMark) handler[Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark")] = options.highWaterMark;
    return handler;
  };
  globalThis.awslambda = { streamifyResponse, HttpResponseStream: { from: withPrelude } };
}

// The status, headers and cookies come before the body, and eight zero bytes between.
function withPrelude(stream, prelude) {
  stream.setContentType(HTTP_RESPONSE);
  stream._onBeforeFirstWrite = (write) => {
    write(JSON.stringify(prelude));
    write(Buffer.alloc(8));
  };
  return stream;
}

export class ResponseStream extends Writable {
  constructor(id) {
    super();
    this.id = id;
    this.contentType = "application/octet-stream";
    this.hasBegun = false;
    this.finished = new Promise((resolve) => (this.settle = resolve));
  }

  setContentType(contentType) {
    if (this.hasBegun) throw errors.named("InvalidStreamingOperation", "Cannot set content-type, too late.");
    this.contentType = contentType;
  }

  begin() {
    if (this.hasBegun) return;
    this.hasBegun = true;
    const { request, finished } = api.stream(this.id, this.contentType);
    this.request = request;
    finished.then(this.settle, this.settle);
    this._onBeforeFirstWrite?.((chunk) => request.write(chunk));
  }

  _write(chunk, encoding, done) {
    this.begin();
    this.request.write(chunk, encoding, done);
  }

  _final(done) {
    this.begin();
    this.request.end(done);
  }

  // End with an error: what was written has arrived already, so that the error follows it.
  abort(error) {
    this.begin();
    const document = errors.document(error);
    this.request.addTrailers({
      "Lambda-Runtime-Function-Error-Type": encodeURIComponent(document.errorType),
      "Lambda-Runtime-Function-Error-Body": Buffer.from(JSON.stringify(document)).toString("base64"),
    });
    this.request.end();
  }
}
