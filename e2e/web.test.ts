import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createScriptedModel } from "@agency/scripted-model";
import type { ScriptedModel } from "@agency/scripted-model";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Agency } from "./support/agency.ts";
import { visit } from "./support/browser.ts";
import type { Visitor } from "./support/browser.ts";
import { lookAt } from "./support/screens.ts";
import { openWeb } from "./support/web.ts";
import type { Web } from "./support/web.ts";
import { buildStory, endlessStory, listenStory } from "./support/web-stories.ts";

const CLI = new URL("../apps/cli/bin/agency.mjs", import.meta.url).pathname;
/** What the page looked like when a test failed. */
const FAILURE = new URL("../dist/web-failure.png", import.meta.url).pathname;
/** Given by name, because it is one that keeps its plan with a tool. */
const MODEL = "claude-sonnet-4-5";
const PROMPT = "Write a program that prints a CSV file as a table, with tests";

let model: ScriptedModel;
let web: Web;
let agency: Agency;
let browser: Browser;
let me: Visitor;
let page: Page;

beforeAll(async () => {
  model = createScriptedModel({
    scripts: { build: buildStory, endless: endlessStory, listen: listenStory },
    defaultScript: "build",
  });
  web = await openWeb({ model });
  ({ agency, browser } = web);
  me = await visit(browser, agency, { acceptDownloads: true, permissions: [] });
  page = me.page;
});
afterAll(() => web?.[Symbol.asyncDispose]());

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await page.screenshot({ path: FAILURE });
});

const runIdOf = (url: string) => /\/runs\/([0-9a-f-]{36})/.exec(url)?.[1] ?? "";

describe("signing in", () => {
  it("asks whoever has no link, and shows nothing", async () => {
    await page.goto("/fleet");
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await lookAt(page, "sign-in")).toEqual([]);
  });

  it("takes the one-time link, out of the address too, and only once", async () => {
    const { path } = await agency.client.createSignInLink();
    await page.goto(path);
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    expect(page.url()).not.toContain("#");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(await page.evaluate("document.cookie")).toBe("");
    await using other = await visit(browser, agency);
    await other.page.goto(path);
    await other.page.getByRole("button", { name: "Sign in" }).click();
    await other.page.getByRole("alert").waitFor();
    expect(other.offences).toEqual([]);
  });

  it("pairs another device by its code, with a yes from one that is signed in", async () => {
    await using phone = await visit(browser, agency, { viewport: { width: 390, height: 844 } });
    await phone.page.goto("/");
    await phone.page.getByRole("button", { name: "Show a pairing code" }).click();
    const code = await phone.page.locator(".pair-code").innerText();
    const pairing = await agency.client.findPairing(code);
    expect(pairing).toMatchObject({ address: "127.0.0.1" });
    await agency.client.decidePairing({ code, accept: true });
    await phone.page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(phone.offences).toEqual([]);
  });
});

describe("a run from its beginning to its end", { timeout: 90_000 }, () => {
  let id: string;

  it("is told what to do next while there is none", async () => {
    await page.getByText("No runs yet").waitFor();
    expect(await lookAt(page, "home-empty")).toEqual([]);
  });

  it("is started from a form that survives a reload", async () => {
    await page.keyboard.press("c");
    await page.getByRole("heading", { name: "New run" }).waitFor();
    await page.getByRole("textbox", { name: "Task" }).fill(PROMPT);
    await page.reload();
    await page.getByRole("heading", { name: "New run" }).waitFor();
    expect(await page.getByRole("textbox", { name: "Task" }).inputValue()).toBe(PROMPT);
    expect(await lookAt(page, "new-run")).toEqual([]);
    await page.getByRole("textbox", { name: "Model" }).fill(MODEL);
    await page.getByRole("button", { name: "Start the run" }).click();
    await page.waitForURL(/\/runs\//);
    id = runIdOf(page.url());
  });

  it("shows its plan and its diffs as they grow", async () => {
    await model.reached("build", 5);
    await page.locator(".feature-active").getByText("Print a CSV file as a table").waitFor();
    expect(await page.locator(".feature").count()).toBe(3);
    await page.getByText("worth knowing").waitFor();
    await page.locator(".change").filter({ hasText: "table.mjs" }).first().waitFor();
    expect(await lookAt(page, "run")).toEqual([]);
  });

  it("hears a word in the middle", async () => {
    await page.getByLabel("Write to the agent").fill("Also allow a semicolon between the fields.");
    await page.keyboard.press("Control+Enter");
    await agency.event(id, "message", ({ text }) => text.includes("semicolon"));
    await page.locator(".said").getByText("Also allow a semicolon").waitFor();
    model.open("middle");
    await page.getByText("Semicolons too, then.").waitFor();
    await page.locator(".feature-passed").first().waitFor();
    expect(await page.locator(".feature-passed").count()).toBe(1);
  });

  it("asks, is answered after a reload, and goes on", async () => {
    await page.getByText("Should long cells be cut").first().waitFor();
    await page.reload();
    await page.getByText("Should long cells be cut").first().waitFor();
    expect(await lookAt(page, "run-question")).toEqual([]);
    await page.getByRole("link", { name: "Agency, overview" }).click();
    await page.getByRole("heading", { name: "Needs you" }).waitFor();
    expect(await lookAt(page, "home")).toEqual([]);
    await page.getByRole("radio", { name: /Wrap them/ }).check();
    await page.getByRole("button", { name: "Answer" }).click();
    const { task } = await agency.finished(id);
    expect(task.state, await agency.story(id)).toBe("completed");
    await page.goto(`/runs/${id}`);
    await page.locator(".pill-completed").first().waitFor();
    await page.getByText("Historical").waitFor();
  });

  it.each([
    ["Files", "run-files", ".tree, .files"],
    ["Diff", "run-diff", ".diff"],
    ["Logs", "run-logs", ".log-line"],
    ["Artifacts", "run-artifacts", ".artifact"],
    ["Raw", "run-raw", ".raw"],
    ["Settings", "run-settings", "dl"],
  ])("shows the %s of what it did", async (tab, name, sign) => {
    await page.getByRole("tab", { name: tab }).click();
    await page.locator("#tab-panel").locator(sign).first().waitFor();
    expect(await lookAt(page, name)).toEqual([]);
  });

  it("hands out the same bytes as the command line", async () => {
    const folder = await mkdtemp(join(tmpdir(), "agency-web-"));
    const env = {
      PATH: process.env["PATH"] ?? "",
      HOME: folder,
      AGENCY_URL: agency.url,
      AGENCY_API_KEY: agency.apiKey,
    };
    await promisify(execFile)(process.execPath, [CLI, "artifacts", id, "get", "-o", join(folder, "cli")], {
      env,
    });
    const names = (await readdir(join(folder, "cli"))).toSorted();
    expect(names.length).toBeGreaterThan(1);
    await page.getByRole("tab", { name: "Artifacts" }).click();
    for (const name of names) {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("link", { name, exact: true }).click(),
      ]);
      const kept = join(folder, "web");
      await download.saveAs(kept);
      expect(Buffer.compare(await readFile(kept), await readFile(join(folder, "cli", name))), name).toBe(0);
    }
    await rm(folder, { recursive: true, force: true });
  });
});

describe("the rest of the house", { timeout: 90_000 }, () => {
  it("stops a run when it is told to", async () => {
    await page.goto("/");
    await page.getByLabel("What should be done?").fill("[[s:endless]] Count the stars");
    await page.keyboard.press("Control+Enter");
    await page.waitForURL(/\/runs\//);
    await model.reached("endless", 1);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "Stop the run" }).click();
    const { task } = await agency.finished(runIdOf(page.url()));
    expect(task.state).toBe("cancelled");
    await page.locator(".pill-cancelled").first().waitFor();
  });

  it("shows every page without a fault, and what is not there", async () => {
    for (const path of ["fleet", "fleet?view=spend", "fleet?view=capacity", "settings"]) {
      await page.goto(`/${path}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.locator(".skeleton").first().waitFor({ state: "detached" });
      expect(await lookAt(page, path.replaceAll(/\W+/g, "-").replace("view-", ""))).toEqual([]);
    }
    await page.goto("/runs/01900000-0000-7000-8000-000000000000");
    await page.getByText("Not found").waitFor();
    expect(await lookAt(page, "not-found")).toEqual([]);
    await page.goto("/no/such/page");
    await page.getByText("There is nothing here").waitFor();
  });

  it("finds everything by keyboard", async () => {
    await page.goto("/");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("csv");
    await page.getByRole("option").first().waitFor();
    expect(await lookAt(page, "palette")).toEqual([]);
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/runs\//);
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keyboard" }).waitFor();
    await page.keyboard.press("Escape");
  });

  it("has asked nobody else for anything, and nothing broke on the way", () => {
    expect(me.offences).toEqual([]);
    model.assertClean();
  });
});
