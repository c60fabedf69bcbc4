import { createScriptedModel, when, write } from "@agency/scripted-model";
import type { Script, ScriptedModel } from "@agency/scripted-model";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Agency } from "./support/agency.ts";
import { accessibilityFaults } from "./support/browser.ts";
import type { Visitor } from "./support/browser.ts";
import { question } from "./support/question.ts";
import { openWeb } from "./support/web.ts";
import type { Web } from "./support/web.ts";

const reviewed: Script = {
  steps: [
    { tools: [write("total.mjs", "export const total = (a, b) => a + b;\nexport const none = 0;\n")] },
    { text: "The sum is there.", gate: "reviewed" },
    { text: "Nothing more." },
  ],
  react: [when(/comments on your changes/i, { say: "I have read what you wrote beside the lines." })],
};

const asking: Script = {
  steps: [
    {
      tools: [question("Which colour?", "Colour", { Red: "warm", Blue: "cold" })],
      gate: "looked",
    },
    { text: "Thank you." },
  ],
};

let model: ScriptedModel;
let web: Web;
let agency: Agency;
let me: Visitor;
let page: Page;
let id: string;

beforeAll(async () => {
  model = createScriptedModel({ scripts: { reviewed, asking }, defaultScript: "reviewed" });
  web = await openWeb({ model });
  ({ agency } = web);
  me = await web.enter();
  ({ page } = me);
  ({ id } = await agency.client.createTask({ prompt: "Write a sum" }));
  await model.reached("reviewed", 1);
});
afterAll(() => web?.[Symbol.asyncDispose]());

describe("a person's own hands", { timeout: 60_000 }, () => {
  it("open a terminal in the sandbox, which the page's policy lets be drawn", async () => {
    await page.goto(`/runs/${id}?tab=terminal`);
    await page.getByRole("button", { name: "Open a terminal" }).click();
    const screen = page.getByRole("group", { name: "Terminal in the sandbox" });
    await screen.locator(".xterm-rows").waitFor();
    await screen.locator(".xterm-rows").getByText("$").first().waitFor();
    await screen.click();
    await page.keyboard.type("cat total.mjs; echo $((40 + 2)) stars; stty size\n");
    await screen.getByText("42 stars").waitFor();
    expect(await screen.locator(".xterm-rows").innerText()).toContain("export const total");
    const width = await screen.locator(".xterm-screen").evaluate((element) => element.clientWidth);
    expect(width, "the terminal's own styles are in force").toBeGreaterThan(300);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.keyboard.type("exit 3\n");
    await page.getByText("The shell ended with 3.").waitFor();
    expect((await agency.client.audit()).entries.map(({ action }) => action)).toContain("terminal.open");
  });

  it("keep what they have begun, whatever happens to the run meanwhile", async () => {
    const asked = await agency.client.createTask({ prompt: "[[s:asking]] Choose a colour" });
    await model.reached("asking", 0);
    await page.goto(`/runs/${asked.id}?tab=terminal`);
    await page.getByRole("button", { name: "Open a terminal" }).click();
    // At once, as a person does who knows what they came for.
    await page.keyboard.type("echo $((40 + 2)) stars\n");
    const screen = page.getByRole("group", { name: "Terminal in the sandbox" });
    await screen.getByText("42 stars").waitFor();
    const words = page.getByRole("textbox", { name: "Write to the agent" });
    await words.fill("Half a sentence");
    await agency.client.changeLimits(asked.id, { add: { costUsd: 7 } });
    await page
      .getByText(`of $${asked.limits.costUsd + 7}`)
      .first()
      .waitFor();
    model.open("looked");
    await page.getByText("Which colour?").waitFor();
    const elsewhere = page.getByRole("textbox", { name: "Something else" });
    await elsewhere.fill("Gre");
    await agency.client.changeLimits(asked.id, { add: { turns: 5, costUsd: 1 } });
    await page
      .getByText(`of $${asked.limits.costUsd + 8}`)
      .first()
      .waitFor();
    expect(await elsewhere.inputValue()).toBe("Gre");
    expect(await words.inputValue()).toBe("Half a sentence");
    await screen.click();
    await page.keyboard.type("echo $((40 + 3)) stars\n");
    await screen.getByText("43 stars").waitFor();
    expect(await screen.locator(".xterm-rows").innerText(), "the same shell").toContain("42 stars");
    await elsewhere.fill("Green");
    await page.getByRole("button", { name: "Answer" }).click();
    await page.getByText("Which colour?").waitFor({ state: "hidden" });
    expect(await words.inputValue()).toBe("Half a sentence");
    await agency.finished(asked.id);
    expect(me.offences).toEqual([]);
  });

  it("write beside a changed line, and the agent goes on with it", async () => {
    await page.goto(`/runs/${id}?tab=diff`);
    await page.getByRole("button", { name: "Comment on line 2" }).click();
    await page.getByRole("textbox", { name: "Comment on line 2" }).fill("Why is none zero?");
    await page.getByRole("button", { name: "Keep the comment" }).click();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.reload();
    await page.getByText("1 comment, not sent yet").waitFor();
    await page.getByRole("button", { name: "Send to the agent" }).click();
    const { data } = await agency.event(id, "message", ({ text }) => text.includes("Why is none zero?"));
    expect(data.text).toContain("total.mjs, line 2:\n    export const none = 0;");
    model.open("reviewed");
    await page.goto(`/runs/${id}`);
    await page.getByText("I have read what you wrote beside the lines.").waitFor();
    expect(me.offences).toEqual([]);
  });

  it("write beside a line of a run that has ended, and another one goes on with it", async () => {
    await agency.finished(id);
    await page.goto(`/runs/${id}?tab=diff`);
    await page.getByRole("button", { name: "Comment on line 1" }).click();
    await page.getByRole("textbox", { name: "Comment on line 1" }).fill("Add up any number of them.");
    await page.getByRole("button", { name: "Keep the comment" }).click();
    await page.getByRole("button", { name: "Go on with them" }).click();
    const prompt = page.getByRole("textbox", { name: "Task" });
    await prompt.waitFor();
    expect(await prompt.inputValue()).toContain("Add up any number of them.");
    expect(page.url()).not.toContain("number");
    await page.getByRole("button", { name: "Start the run" }).click();
    await page.waitForURL((url) => url.pathname.startsWith("/runs/") && !url.pathname.endsWith(id));
    const child = await agency.client.getTask(new URL(page.url()).pathname.slice("/runs/".length));
    expect(child.prompt).toContain("total.mjs, line 1:\n    export const total = (a, b) => a + b;");
    const last = (await agency.client.checkpoints(id)).at(-1);
    expect(child.resumedFrom).toEqual({ taskId: id, checkpoint: last?.number });
    await page.goto(`/runs/${id}?tab=diff`);
    await page.getByRole("button", { name: "Comment on line 1" }).waitFor();
    expect(await page.getByText("not sent yet").count()).toBe(0);
    expect(me.offences).toEqual([]);
  });

  it("start a run again with all it said, and type the values of its variables themselves", async () => {
    const asked = {
      prompt: "Write a sum, later",
      demo: true,
      commandPolicy: { allow: [], deny: ["git push *"] },
      questions: false,
      commits: "keep" as const,
      artifacts: ["dist/**"],
      notBefore: new Date(Date.now() + 86_400_000).toISOString(),
    };
    const env = { TZ: "Europe/Lisbon", API_TOKEN: "typed-without-care" };
    const first = await agency.client.createTask({ ...asked, env });
    expect(first).toMatchObject({ ...asked, envNames: ["API_TOKEN", "TZ"] });
    await agency.client.cancelTask(first.id);
    await page.goto(`/runs/${first.id}?tab=settings`);
    await page.getByText("never git push *").waitFor();
    await page.getByRole("link", { name: "Run again" }).click();
    const zone = page.getByRole("textbox", { name: "TZ" });
    await zone.waitFor();
    expect(await zone.inputValue()).toBe("");
    expect(await page.getByRole("checkbox", { name: "The agent may stop and ask me" }).isChecked()).toBe(
      false,
    );
    const prompt = page.getByRole("textbox", { name: "Task" });
    await prompt.fill("Half a sentence");
    await page.reload();
    await page.getByText("This is the form as you left it.").waitFor();
    expect(await prompt.inputValue()).toBe("Half a sentence");
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole("button", { name: "Fill it in from the run again" }).click();
    expect(await prompt.inputValue()).toBe(asked.prompt);
    await zone.fill("UTC");
    await page.getByRole("button", { name: "Start the demo" }).click();
    await page.waitForURL((url) => url.pathname.startsWith("/runs/") && !url.pathname.endsWith(first.id));
    const second = await agency.client.getTask(new URL(page.url()).pathname.slice("/runs/".length));
    expect(second).toMatchObject({ ...asked, envNames: ["TZ"] });
    expect(JSON.stringify([first, second])).not.toContain("typed-without-care");
    expect(me.offences).toEqual([]);
  });

  it("bring words of any length from the overview to a new run, and lose none of them", async () => {
    const words = `Read all of this. ${"A long story. ".repeat(500)}The end.`;
    await page.goto("/");
    await page.getByRole("textbox", { name: "What should be done?" }).fill(words);
    await page.getByRole("link", { name: "Repository, model, limits…" }).click();
    const prompt = page.getByRole("textbox", { name: "Task" });
    await prompt.waitFor();
    expect(await prompt.inputValue()).toBe(words);
    await page.waitForURL((url) => url.pathname === "/new" && url.search === "");
    await prompt.fill(`${words} And more.`);
    await page.reload();
    expect(await prompt.inputValue()).toBe(`${words} And more.`);
    await page.goto("/new?prompt=Something+else");
    await page.waitForURL((url) => url.search === "");
    await page.reload();
    expect(await prompt.inputValue()).toBe("Something else");
    await page.getByRole("button", { name: "Put its words below" }).click();
    expect(await prompt.inputValue()).toBe(`Something else\n\n${words} And more.`);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole("button", { name: "Clear" }).click();
    expect(await page.getByText("A draft was here before").count()).toBe(0);
    expect(me.offences).toEqual([]);
  });
});
