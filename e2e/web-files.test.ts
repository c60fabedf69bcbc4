import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGitHost } from "@agency/testing";
import type { GitHost } from "@agency/testing";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Agency } from "./support/agency.ts";
import type { Visitor } from "./support/browser.ts";
import { makeRepository } from "./support/git-repository.ts";
import { lookAt } from "./support/screens.ts";
import { openWeb } from "./support/web.ts";
import type { Web } from "./support/web.ts";

const COMMAND = `
mkdir -p src/deep && echo 'first words' > src/deep/notes.md && echo more >> README.md && rm old.txt
ln -s src/deep/notes.md link && echo written; read word
echo 'second words' > src/deep/notes.md; echo again; read word
echo ended`;

let folder: string;
let host: GitHost;
let web: Web;
let agency: Agency;
let me: Visitor;
let page: Page;
let id: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agency-web-files-"));
  await makeRepository(join(folder, "open/shop.git"), {
    "README.md": "A shop\n",
    "old.txt": "old\n",
    "lib/kept.txt": "as it was\n",
  });
  host = await startGitHost(folder);
  web = await openWeb({ env: { AGENCY_INTERNAL_HOSTS: host.host } });
  ({ agency } = web);
  me = await web.enter();
  ({ page } = me);
  ({ id } = await agency.client.createTask({
    prompt: "Write words",
    engine: "command",
    command: COMMAND,
    env: { AGENCY_STDIN: "messages" },
    repository: { url: `${host.origin}/open/shop.git` },
  }));
  await said("written");
});
afterAll(async () => {
  await web?.[Symbol.asyncDispose]();
  await host?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const said = (words: string) => agency.event(id, "log", ({ text }) => text.includes(words));

async function take(label: string): Promise<number> {
  await agency.client.takeCheckpoint(id, { label });
  const { data } = await agency.event(id, "checkpoint", (one) => one.label === label);
  return data.number ?? 0;
}

const tree = () => page.getByRole("navigation", { name: "Files" });
const text = () => page.getByRole("group", { name: "Content" });
const places = () => page.getByRole("region", { name: "Checkpoints" });

describe("the files of a run", { timeout: 120_000 }, () => {
  let first: number;
  let second: number;

  it("are not there before a checkpoint is, and the page says how to get one", async () => {
    await page.goto(`/runs/${id}?tab=files`);
    await page.getByText("No files yet").waitFor();
    expect(await lookAt(page, "files-none")).toEqual([]);
  });

  it("come with the first checkpoint, each with what became of it", async () => {
    first = await take("before lunch");
    await page.getByText(`As it is at the newest checkpoint, ${first}.`).waitFor();
    const line = (name: string) => tree().locator(".file", { hasText: name });
    await line("README.md").getByText("modified").waitFor();
    await line("notes.md").getByText("added").first().waitFor();
    await line("old.txt").getByText("deleted").waitFor();
    await line("link → src/deep/notes.md").waitFor();
    expect(await line("kept.txt").locator(".tag").count()).toBe(0);
    expect(await tree().getByRole("link", { name: "old.txt" }).count()).toBe(0);
    expect(await lookAt(page, "files")).toEqual([]);
  });

  it("have folders that the keyboard opens and closes", async () => {
    const lib = tree().locator("summary", { hasText: "lib/" });
    await lib.focus();
    await page.keyboard.press("ArrowLeft");
    await tree().getByText("kept.txt").waitFor({ state: "hidden" });
    await page.keyboard.press("Enter");
    await tree().getByText("kept.txt").waitFor();
    await page.keyboard.press("ArrowLeft");
    await tree().getByText("kept.txt").waitFor({ state: "hidden" });
    expect(await page.evaluate("document.activeElement.textContent")).toContain("lib/");
  });

  it("stay as they were opened when a newer checkpoint comes, which is a click away", async () => {
    await tree().getByRole("link", { name: "notes.md" }).click();
    await text().getByText("first words").waitFor();
    expect(new URL(page.url()).search).toBe(`?tab=files&at=${first}&path=src%2Fdeep%2Fnotes.md`);
    await agency.client.sendMessage(id, { text: "on", mode: "steer" });
    await said("again");
    second = await take("after lunch");
    const newer = page.getByRole("link", { name: `Checkpoint ${second} is newer` });
    await newer.waitFor();
    expect(await text().innerText()).toBe("first words\n");
    expect(await lookAt(page, "files-opened")).toEqual([]);
    await newer.click();
    await text().getByText("second words").waitFor();
    expect(await tree().getByText("kept.txt").isVisible(), "the folder is still closed").toBe(false);
  });

  it("are chosen in the address: a reload shows the same, and so does going back", async () => {
    await places().getByRole("link", { name: "before lunch" }).click();
    await text().getByText("first words").waitFor();
    await page.reload();
    await text().getByText("first words").waitFor();
    const current = places().locator("[aria-current=page], [aria-current=true]");
    expect(await current.allInnerTexts()).toEqual(["before lunch"]);
    await page.goBack();
    await text().getByText("second words").waitFor();
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download" }).click();
    expect((await download).suggestedFilename()).toBe("notes.md");
    await places().getByRole("link", { name: "Go on from here" }).last().click();
    await page.getByRole("heading", { name: `Go on from checkpoint ${first}` }).waitFor();
  });

  it("follow the newest checkpoint as long as nothing is opened, and leave folders as they were put", async () => {
    await page.goto(`/runs/${id}?tab=files`);
    await tree().locator("summary", { hasText: "lib/" }).click();
    await tree().getByText("kept.txt").waitFor({ state: "hidden" });
    const third = await take("at tea");
    await page.getByText(`As it is at the newest checkpoint, ${third}.`).waitFor();
    expect(await tree().getByText("kept.txt").isVisible()).toBe(false);
  });

  it("can be a great many: each of them is there for the asking", async () => {
    const large = await agency.client.createTask({
      prompt: "Write many files",
      engine: "command",
      command:
        "mkdir many && cd many && seq 6200 | xargs touch && cd .. && echo 42 > zebra.txt && " +
        "echo odd > \"$(printf 'two\\nli\\342\\200\\256nes')\"",
    });
    await agency.finished(large.id);
    const [last] = await agency.client.checkpoints(large.id);
    for (const at of ["", `&at=${last?.number}`]) {
      await page.goto(`/runs/${large.id}?tab=files${at}`);
      await page.getByText("There are more.").waitFor();
      expect(await tree().getByText("zebra.txt").count()).toBe(0);
      await page.getByRole("button", { name: "Show more files" }).click();
      await tree().getByRole("link", { name: "zebra.txt" }).waitFor();
      expect(await page.getByText("There are more.").count()).toBe(0);
      await tree().locator("summary", { hasText: "many/" }).click();
      await tree().getByRole("button", { name: "Show 500 more of 5,700 here" }).click();
      await tree().getByRole("button", { name: "Show 500 more of 5,200 here" }).waitFor();
      await tree().getByRole("link", { name: "zebra.txt" }).click();
      await text().getByText("42").waitFor();
      const odd = tree().getByRole("link", { name: "twoU+000AliU+202Enes" });
      expect(await odd.getAttribute("title")).toBe("two‹U+000A›li‹U+202E›nes");
      await odd.click();
      await page
        .getByRole("region", { name: "two‹U+000A›li‹U+202E›nes" })
        .getByText("odd", { exact: true })
        .waitFor();
    }
    expect(me.offences).toEqual([]);
  });

  it("say what is not kept, with a way on", async () => {
    await page.goto(`/runs/${id}?tab=files&at=99`);
    await page.getByText("Checkpoint 99 is not kept").waitFor();
    await page.getByRole("link", { name: /^See its files at checkpoint/ }).click();
    await tree().waitFor();
    await page.goto(`/runs/${id}?tab=files&at=${first}&path=nowhere.txt`);
    await page.getByText("Not there").waitFor();
    expect(me.offences).toEqual([]);
  });

  it("are those of its end when it is over", async () => {
    await agency.client.sendMessage(id, { text: "on", mode: "steer" });
    await agency.finished(id);
    await page.goto(`/runs/${id}?tab=files`);
    await tree().getByRole("link", { name: "notes.md" }).click();
    await text().getByText("second words").waitFor();
    expect(new URL(page.url()).search).toBe("?tab=files&path=src%2Fdeep%2Fnotes.md");
    await places().getByRole("link", { name: "before lunch" }).click();
    await text().getByText("first words").waitFor();
    await places().getByRole("link", { name: "The end of the run" }).click();
    await text().getByText("second words").waitFor();
    expect(me.offences).toEqual([]);
  });
});
