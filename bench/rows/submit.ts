import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { createScriptedModel } from "@agency/scripted-model";
import { Agency } from "../../e2e/support/agency.ts";
import { ms } from "../row.ts";
import type { Bench } from "../row.ts";
import { interleave, summarise } from "../stats.ts";

const KEY = "sk-ant-bench-0123456789abcdef";

/** From submit to the engine's first event at a watching client, against the same engine started bare. */
export const submitBench: Bench = async ({ quick }) => {
  const model = createScriptedModel({ apiKey: KEY, scripts: { hello: { steps: [{ text: "hello" }] } } });
  const { url, close } = await model.listen();
  const home = await mkdtemp(join(tmpdir(), "agency-bench-bare-"));
  const agency = await Agency.start({ env: { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: KEY } });
  try {
    const samples = await interleave(quick ? 6 : 16, {
      ours: () => throughAgency(agency),
      theirs: () => bare(home, url),
    });
    const ours = summarise(samples["ours"]?.slice(1) ?? []);
    const theirs = summarise(samples["theirs"]?.slice(1) ?? []);
    const added = ours.p50 - theirs.p50;
    return [
      {
        what: "submit → first engine event, warm, p50",
        against: "the engine's own CLI started bare",
        ours: ms(ours.p50),
        theirs: ms(theirs.p50),
        ratio: `${added >= 0 ? "+" : ""}${ms(added)}`,
        target: "+ 75 ms or less",
        met: added <= 75,
      },
    ];
  } finally {
    await agency[Symbol.asyncDispose]();
    await close();
    await rm(home, { recursive: true, force: true });
  }
};

async function throughAgency(agency: Agency): Promise<number> {
  const from = performance.now();
  const { id } = await agency.client.createTask({ prompt: "[[s:hello]] Say hello." });
  await agency.event(id, "session");
  const took = performance.now() - from;
  await agency.finished(id);
  return took;
}

async function bare(home: string, baseUrl: string): Promise<number> {
  const { resolve } = createRequire(new URL("../../packages/engines/package.json", import.meta.url));
  const folder = dirname(
    resolve(`@anthropic-ai/claude-agent-sdk-${process.platform}-${process.arch}/package.json`),
  );
  const from = performance.now();
  const args = [
    "-p",
    "[[s:hello]] Say hello.",
    "--output-format",
    "stream-json",
    "--verbose",
    "--dangerously-skip-permissions",
  ];
  const child = spawn(join(folder, "claude"), args, {
    cwd: home,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: home,
      IS_SANDBOX: "1",
      ANTHROPIC_BASE_URL: baseUrl,
      ANTHROPIC_API_KEY: KEY,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
    },
  });
  const ended = new Promise((done) => child.once("close", done));
  const first = Promise.withResolvers<number>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.includes('"subtype":"init"')) first.resolve(performance.now() - from);
  });
  void ended.then(() => first.reject(new Error("the engine ended without an event")));
  const took = await first.promise;
  await ended;
  return took;
}
