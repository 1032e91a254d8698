// The Runtime API as its client sees it: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

import http from "node:http";

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const ROOT = "/2018-06-01/runtime";
const JSON_TYPE = { "Content-Type": "application/json" };
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });

function open(method, path, headers, resolve, reject) {
  const request = http.request({ hostname, port, method, path: ROOT + path, headers, agent }, (response) => {
    const chunks = [];
    response.on("data", (chunk) => chunks.push(chunk));
    response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
  });
  request.on("error", reject);
  return request;
}

function send(method, path, headers = {}, body = undefined) {
  return new Promise((resolve, reject) => {
    open(method, path, headers, resolve, reject).end(body);
  });
}

export const next = () => send("GET", "/invocation/next");

export function respond(id, body) {
  return send("POST", `/invocation/${id}/response`, { ...JSON_TYPE, "Content-Length": Buffer.byteLength(body) }, body);
}

export const fail = (id, document) => sendError(`/invocation/${id}/error`, document);

export const failInit = (document) => sendError("/init/error", document);

function sendError(path, document) {
  const body = JSON.stringify(document);
  const headers = { ...JSON_TYPE, "Content-Length": Buffer.byteLength(body) };
  headers["Lambda-Runtime-Function-Error-Type"] = encodeURIComponent(document.errorType);
  return send("POST", path, headers, body);
}

// A response that is sent while it is written. Returns the request to write to, and the promise of its end.
export function stream(id, contentType) {
  const headers = {
    "Content-Type": contentType,
    "Lambda-Runtime-Function-Response-Mode": "streaming",
    "Transfer-Encoding": "chunked",
    Trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
  };
  let request;
  const finished = new Promise((resolve, reject) => {
    request = open("POST", `/invocation/${id}/response`, headers, resolve, reject);
  });
  request.flushHeaders();
  return { request, finished };
}
