// A durable function that does a little of everything: a step that fails once, waits, branches, another function, a callback.
import { withDurableExecution } from "@aws/durable-execution-sdk-js";

let attempts = 0;

export const handler = withDurableExecution(async (event, context) => {
  const retryStrategy = () => ({ shouldRetry: true, delay: { seconds: 60 } });
  const tried = await context.step(
    "try",
    async () => {
      attempts += 1;
      if (attempts === 1) throw new Error("first");
      return attempts;
    },
    { retryStrategy },
  );
  await context.wait("rest", { hours: 1 });
  const branches = await context.map("branches", [1, 2], async (branch, minutes) => {
    await branch.wait({ minutes });
    return branch.step(async () => minutes * 10);
  });
  const called = await context.invoke("call", event.function, { n: 1 });
  const said = await context.waitForCallback("ask", async (id) => console.log(id), { timeout: { hours: 1 } });
  return { tried, branches: branches.getResults(), called, said };
});
