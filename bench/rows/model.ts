import { request } from "node:http";
import { createMemoryModelGate } from "../../packages/testing/src/memory-model-gate.ts";
import { startUpstream } from "../../packages/broker/src/testing/loopback-upstream.ts";
import { wholeMessage } from "../../packages/broker/src/testing/messages.ts";
import { BODY, createHarness } from "../../packages/broker/src/testing/route-harness.ts";
import { serveRoute } from "../../packages/broker/src/testing/serve-route.ts";
import { ms } from "../row.ts";
import type { Bench } from "../row.ts";
import { interleave, summarise } from "../stats.ts";

const WARM_UP = 20;
const BUDGET_MS = 2;

/** The first byte of a streamed answer through the model broker, against the same server asked directly. */
export const modelBench: Bench = async ({ quick }) => {
  const sse = { "content-type": "text/event-stream" };
  await using upstream = await startUpstream((response) => response.writeHead(200, sse).end(wholeMessage()));
  const { route, placeholder } = createHarness(createMemoryModelGate(), upstream.url);
  await using served = await serveRoute(route);
  const samples = await interleave(WARM_UP + (quick ? 60 : 200), {
    ours: () => firstByte(served.url, placeholder),
    theirs: () => firstByte(upstream.url, placeholder),
  });
  const ours = summarise((samples["ours"] ?? []).slice(WARM_UP));
  const theirs = summarise((samples["theirs"] ?? []).slice(WARM_UP));
  const added = ours.p50 - theirs.p50;
  return [
    {
      what: "first byte of a model's answer, p50",
      against: "the same server without the broker",
      ours: ms(ours.p50),
      theirs: ms(theirs.p50),
      ratio: `${added >= 0 ? "+" : ""}${ms(added)}`,
      target: `+ ${BUDGET_MS} ms or less`,
      met: added <= BUDGET_MS,
    },
  ];
};

function firstByte(url: string, key: string): Promise<number> {
  const from = performance.now();
  const answered = Promise.withResolvers<number>();
  const sent = request(
    `${url}/v1/messages`,
    { method: "POST", headers: { "x-api-key": key } },
    (response) => {
      let took = 0;
      response.on("data", () => (took ||= performance.now() - from));
      response.on("end", () => answered.resolve(took));
      response.on("error", answered.reject);
    },
  );
  sent.on("error", answered.reject);
  sent.end(JSON.stringify(BODY));
  return answered.promise;
}
