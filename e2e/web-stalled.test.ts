import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { openBrowser, signIn, visit } from "./support/browser.ts";
import type { Visitor } from "./support/browser.ts";
import { bytesInUse, LOOKED_INTO } from "./support/live-memory.ts";
import { showing } from "./support/showing.ts";
import { bytesNotTaken, stall } from "./support/stalled.ts";
import { openWeb } from "./support/web.ts";
import type { Web } from "./support/web.ts";

const MB = 1e6;
const WIDTH = 15_000;
/** 24 MB: what the machine takes for a page that does not read (4 MB), and five times that. */
const MANY = 1_600;
const MISSED = MANY * WIDTH - 4 * MB;
/** Makes what a server has only to make once. */
const FEW = 200;

/** Prints as many wide, numbered lines as it is told, and then what it was told; ends when it is told "stop". */
const LOUD = `
import { createInterface } from "node:readline";
let line = 0;
console.log("ready");
for await (const message of createInterface({ input: process.stdin })) {
  const { text } = JSON.parse(message.replace("::agency::", "")).data;
  for (let left = Number(/[0-9]+ lines/.exec(text)?.[0].split(" ")[0] ?? 0); left > 0; left -= 1)
    console.log("line " + (line += 1) + " " + "x".repeat(${WIDTH}));
  console.log("told: " + text);
  if (text === "stop") process.exit(0);
}`;

let web: Web;
let near: Visitor;
let farBrowser: Browser;
let far: Visitor;

beforeAll(async () => {
  web = await openWeb({ env: LOOKED_INTO });
  near = await web.enter();
  // A browser of its own, so that only its pages are stopped.
  farBrowser = await openBrowser();
  far = await visit(farBrowser, web.agency, { acceptDownloads: true });
  await signIn(far, web.agency);
});
afterAll(async () => {
  await farBrowser?.close();
  await web?.[Symbol.asyncDispose]();
});

async function loud(): Promise<string> {
  const { id } = await web.agency.client.createTask({
    prompt: "Be loud.",
    engine: "command",
    command: `cat > loud.mjs <<'END'\n${LOUD}\nEND\nexec node loud.mjs`,
    env: { AGENCY_STDIN: "messages" },
  });
  return id;
}

const tell = (id: string, text: string) => web.agency.client.sendMessage(id, { text, mode: "steer" });
const seen = ({ page }: Visitor, text: string) => page.getByText(text, { exact: true }).waitFor();

async function numbersIn(page: Page): Promise<number[]> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download" }).click(),
  ]);
  const log = await readFile(await download.path(), "utf8");
  return [...log.matchAll(/^line (\d+) x+$/gm)].map(([, number]) => Number(number));
}

it("a tab that stands still does not grow the server, holds up no other, and is right once it goes on", async () => {
  const { agency } = web;
  const id = await loud();
  for (const { page } of [near, far]) await page.goto(`/runs/${id}?tab=logs`);
  await tell(id, `${FEW} lines`);
  for (const tab of [near, far]) await seen(tab, `told: ${FEW} lines`);
  const before = await bytesInUse(agency);

  using stalled = await stall(farBrowser);
  await tell(id, `${MANY} lines`);
  const stuck = () => expect(bytesNotTaken(agency.url)).toBeGreaterThan(MB);
  await vi.waitFor(stuck, { timeout: 20_000, interval: 20 });
  await seen(near, `told: ${MANY} lines`);
  const grown = (await bytesInUse(agency)) - before;
  const late: number[] = [];
  for (const line of ["told: one", "told: two", "told: three", "told: four"])
    late.push((await showing(agency, near.page, id, { told: line.slice(6), line })).afterProgram);
  process.stdout.write(
    `${(grown / MB).toFixed(1)} MB more of ${MISSED / MB} missed; the other tab is ${late.join(", ")} ms late\n`,
  );
  // A page of the log that is being written and two that wait, each as events and as text.
  expect(grown).toBeLessThan(MISSED / 3);
  expect(Math.min(...late)).toBeLessThanOrEqual(150);

  stalled.letGo();
  await seen(far, "told: four");
  await tell(id, "stop");
  await agency.finished(id);
  await far.page.getByText("Historical").waitFor();
  expect(await numbersIn(far.page)).toEqual(Array.from({ length: FEW + MANY }, (_, at) => at + 1));
  expect([...near.offences, ...far.offences]).toEqual([]);
}, 90_000);
