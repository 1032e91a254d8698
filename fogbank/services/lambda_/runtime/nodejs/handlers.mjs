// Finds the handler of `directory/file.name`, in CommonJS and in ES modules.

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { named } from "./errors.mjs";

const EXTENSIONS = ["", ".js", ".mjs", ".cjs"];
// What is missing is said to be required by the runtime.
const require = createRequire(new URL("./index.mjs", import.meta.url));

export async function load(root, text) {
  if (text.includes("..")) throw named("Runtime.MalformedHandlerName", `'${text}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  const base = path.basename(text);
  const dot = base.indexOf(".");
  if (dot <= 0 || dot === base.length - 1) throw named("Runtime.MalformedHandlerName", "Bad handler");
  const name = base.slice(dot + 1);
  const file = path.join(path.dirname(text), base.slice(0, dot));
  const module = await importModule(root, file);
  const handler = name.split(".").reduce((found, part) => found?.[part], module) ?? module.default?.[name];
  if (handler === undefined) throw named("Runtime.HandlerNotFound", `${text} is undefined or not exported`);
  if (typeof handler !== "function") throw named("Runtime.HandlerNotFound", `${text} is not a function`);
  return handler;
}

async function importModule(root, file) {
  const full = path.resolve(root, file);
  const found = EXTENSIONS.map((extension) => full + extension).find((each) => fs.statSync(each, { throwIfNoEntry: false })?.isFile());
  try {
    if (found === undefined) return require(require.resolve(file, { paths: [root] }));
    return isModule(found) ? await import(pathToFileURL(found)) : require(found);
  } catch (error) {
    throw inWords(error, file);
  }
}

function isModule(file) {
  if (file.endsWith(".mjs")) return true;
  if (!file.endsWith(".js")) return false;
  for (let directory = path.dirname(file); ; directory = path.dirname(directory)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(directory, "package.json"), "utf8")).type === "module";
    } catch (error) {
      if (error.code !== "ENOENT" || directory === path.dirname(directory)) return false;
    }
  }
}

function inWords(error, file) {
  if (error instanceof SyntaxError) return named("Runtime.UserCodeSyntaxError", String(error), error.stack);
  if (error?.code === "MODULE_NOT_FOUND" || error?.code === "ERR_MODULE_NOT_FOUND") return named("Runtime.ImportModuleError", String(error), error.stack);
  return error;
}
