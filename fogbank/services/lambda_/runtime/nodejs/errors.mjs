// Errors as Lambda tells them: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html

export function document(error) {
  if (isError(error)) {
    return {
      errorType: error.name || "Error",
      errorMessage: error.message,
      trace: typeof error.stack === "string" ? error.stack.split("\n") : [],
    };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

// The same with whatever else the error has, for the log.
export function detailed(error) {
  if (!isError(error)) return document(error);
  const { errorType, errorMessage, trace } = document(error);
  return { errorType, errorMessage, ...(error.code && { code: error.code }), ...error, stack: trace };
}

// Errors of other realms are errors, too.
function isError(error) {
  return error instanceof Error || Object.prototype.toString.call(error) === "[object Error]";
}

// `stack` is that of the error whose text the message is: what it has besides that text is kept.
export function named(name, message, stack = "") {
  const error = new Error(message);
  error.name = name;
  const said = message.split("\n");
  const places = stack.split("\n").filter((line) => line !== "" && !said.includes(line));
  error.stack = [`${name}: ${message}`, ...places].join("\n");
  return error;
}

export function unhandledRejection(reason) {
  const error = named("Runtime.UnhandledPromiseRejection", String(reason), reason?.stack);
  error.reason = reason;
  return error;
}
