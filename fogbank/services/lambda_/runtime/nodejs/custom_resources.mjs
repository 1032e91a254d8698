// Answers of custom resources: AWS's own helpers (cfn-response, the CDK's) send them by https to the host of the ResponseURL, and leave
// out its scheme and port. What is for that path of the server goes there.
//
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html

import http from "node:http";
import https from "node:https";
import { syncBuiltinESMExports } from "node:module";

const PATH = "/_aws/cloudformation/response/";

export function lead(endpoint) {
  const home = new URL(endpoint);
  if (home.protocol !== "http:") return;
  const request = https.request;
  https.request = function (...args) {
    const [target] = args;
    const asked = typeof target === "string" ? new URL(target) : target;
    const path = asked.path ?? `${asked.pathname ?? ""}${asked.search ?? ""}`;
    if (!path.startsWith(PATH)) return request.apply(this, args);
    const given = args.slice(1).find((each) => typeof each === "object") ?? (asked instanceof URL ? {} : asked);
    const { agent, ...options } = given;
    const callback = args.find((each) => typeof each === "function");
    return http.request({ ...options, protocol: "http:", host: null, hostname: home.hostname, port: home.port, path }, callback);
  };
  syncBuiltinESMExports();
}
