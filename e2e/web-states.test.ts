import type { Problem, StorageUse } from "@agency/contract";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from "vitest";
import type { Agency } from "./support/agency.ts";
import { accessibilityFaults } from "./support/browser.ts";
import type { Visitor } from "./support/browser.ts";
import { openWeb } from "./support/web.ts";
import type { Web } from "./support/web.ts";

let web: Web;
let agency: Agency;
let me: Visitor;
let page: Page;

beforeAll(async () => {
  web = await openWeb();
  ({ agency } = web);
});
afterAll(() => web?.[Symbol.asyncDispose]());

beforeEach(async () => {
  me = await web.enter();
  ({ page } = me);
});
afterEach(() => me[Symbol.asyncDispose]());

const panel = (title: string) =>
  page.locator(".panel", { has: page.getByRole("heading", { name: title, exact: true }) });

/** Says whether the page is still the one that it was told to remember. */
const remember = () => page.evaluate("void (window.same = true)");
const isSame = () => page.evaluate("window.same === true");

const REFUSAL: Problem = {
  type: "about:blank",
  title: "Forbidden",
  status: 403,
  code: "forbidden",
  detail: "Only the owner of the account may see this.",
  next: "Ask the owner to let you in.",
  requestId: "req-refused",
};

async function refuse(address: string): Promise<void> {
  const body = JSON.stringify(REFUSAL);
  await page.route(address, (route) =>
    route.fulfill({ status: 403, contentType: "application/problem+json", body }),
  );
}

describe("a person who may not", { timeout: 60_000 }, () => {
  it("is told by the server's own words what was refused, and what to do", async () => {
    await agency.client.setPassword({ password: "correct horse battery" });
    await page.goto("/settings");
    await page.getByLabel("Present password").fill("a wrong guess");
    await page.getByRole("button", { name: "No sign-in by password" }).click();
    const toast = page.locator(".toast-bad");
    await toast.getByText("Not allowed").waitFor();
    await toast.getByText(/The present password is missing or wrong\. Give it, or/).waitFor();
    await agency.client.setPassword({ password: null });
    expect(me.offences).toEqual([]);
  });

  it("sees it in the one panel, and the others beside it", async () => {
    await refuse("**/v1/devices");
    await page.goto("/settings");
    const devices = panel("Devices that are signed in");
    for (const text of ["Not allowed", REFUSAL.detail, "Ask the owner to let you in.", "Request req-refused"])
      await devices.getByText(text).waitFor();
    await panel("API keys").getByText("created").first().waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.unrouteAll();
    await devices.getByRole("button", { name: "Try again" }).click();
    await devices.getByText("this one").waitFor();
    expect(me.offences).toEqual([]);
  });

  it("sees it as the page, when nothing at all is allowed", async () => {
    await refuse("**/v1/me");
    await page.goto("/");
    await page.getByRole("heading", { name: "Not allowed" }).waitFor();
    await page.getByText("Ask the owner to let you in.").waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(me.offences).toEqual([]);
  });
});

describe("an answer that failed", { timeout: 60_000 }, () => {
  const limits = async () => {
    await page.goto("/settings");
    await panel("API keys").getByText("created").first().waitFor();
    await remember();
    await page.getByRole("link", { name: "Limits" }).click();
  };

  it("is asked for again by itself when that may help, with the connection up all the time", async () => {
    await page.goto("/");
    await page.route("**/v1/budget", (route) => route.fulfill({ status: 503, body: "down" }));
    await limits();
    await panel("Caps").getByText("The server cannot be reached").waitFor();
    await panel("Caps").getByText("It is tried again by itself.").waitFor();
    await page.unrouteAll();
    await panel("Caps").getByLabel("A day, in dollars").waitFor();
    expect(await isSame()).toBe(true);
    expect(me.offences).toEqual([]);
  });

  it("is told in the page's own words when a proxy gave it, and never asked for again", async () => {
    const asked: string[] = [];
    await page.route("**/v1/budget", (route) => {
      asked.push(route.request().url());
      return route.fulfill({ status: 403, body: "<h1>Forbidden</h1>" });
    });
    await limits();
    const told = panel("Caps").getByRole("alert");
    await told.getByText("Not allowed").waitFor();
    await told.getByText("It may be a proxy in between that answered: ask whoever runs it.").waitFor();
    expect(await told.innerText()).not.toContain("AGENCY_URL");
    const before = asked.length;
    await me.context.setOffline(true);
    await page.locator(".connection").getByText("Offline").waitFor();
    const renewed = page.waitForResponse("**/v1/me");
    await me.context.setOffline(false);
    await renewed;
    await page.locator(".connection").getByText("Live").waitFor();
    expect(asked).toHaveLength(before);
  });
});

describe("a page without a network", { timeout: 60_000 }, () => {
  it("says so, keeps what it shows, and is right again by itself", async () => {
    const { id, name } = await agency.client.createTask({
      prompt: "Wait for a word",
      engine: "command",
      command: "echo begun; read word; echo ended",
      env: { AGENCY_STDIN: "messages" },
    });
    await agency.event(id, "log", ({ text }) => text.includes("begun"));
    await panel("Running now").getByRole("link", { name }).waitFor();
    await remember();
    await me.context.setOffline(true);
    await page.locator(".connection").getByText("Offline").waitFor();
    await agency.client.sendMessage(id, { text: "on", mode: "steer" });
    await agency.finished(id);
    expect(await panel("Running now").getByRole("link", { name }).isVisible()).toBe(true);
    await me.context.setOffline(false);
    await panel("Recent").getByRole("link", { name }).getByText("Completed").waitFor();
    await page.locator(".connection").getByText("Live").waitFor();
    expect(await isSame()).toBe(true);
    expect(me.offences).toEqual([]);
  });

  it("shows what it could not fetch as soon as it can", async () => {
    await page.goto("/settings");
    await panel("API keys").getByText("created").first().waitFor();
    await remember();
    await me.context.setOffline(true);
    await page.getByRole("link", { name: "Limits" }).click();
    await panel("Caps").getByText("You are offline").waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await me.context.setOffline(false);
    await panel("Caps").getByLabel("A day, in dollars").waitFor();
    expect(await isSame()).toBe(true);
    expect(me.offences).toEqual([]);
  });

  it("stays when a part of it is asked for that it never had, and gets it later", async () => {
    await remember();
    await me.context.setOffline(true);
    await page.locator(".connection").getByText("Offline").waitFor();
    await page.getByRole("link", { name: "Fleet" }).click();
    await page.locator(".main").getByRole("alert").waitFor();
    await me.context.setOffline(false);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { name: "Fleet" }).waitFor();
    expect(await isSame()).toBe(true);
  });
});

describe("a panel that throws", { timeout: 60_000 }, () => {
  it("shows its own error, lets the rest live, and asks for other data when it is tried again", async () => {
    const use = await agency.client.storageUse();
    await page.route("**/v1/storage", (route) => route.fulfill({ json: tooMuch(use) }));
    await page.goto("/fleet?view=spend");
    await panel("Storage").getByRole("alert").getByText("Something went wrong").waitFor();
    await panel("Spend of 30 days").getByText("Days are those of UTC.").waitFor();
    await page.locator(".connection").getByText("Live").waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.unrouteAll();
    await remember();
    await panel("Storage").getByRole("button", { name: "Try again" }).click();
    await panel("Storage").getByText("in the data folder").waitFor();
    expect(await panel("Storage").getByRole("alert").count()).toBe(0);
    expect(await isSame()).toBe(true);
    // The browser's own report of it, and nothing else.
    expect(me.offences.filter((offence) => !offence.includes("RangeError"))).toEqual([]);
  });
});

/** More parts than a call can have arguments: valid in form, and more than the page can draw. */
function tooMuch(use: StorageUse): StorageUse {
  return { ...use, kinds: Array.from({ length: 200_000 }, () => ({ kind: "k", bytes: 1, count: 1 })) };
}

describe("a run that is not there", { timeout: 60_000 }, () => {
  it.each(["01900000-0000-7000-8000-000000000000", "no-such-run"])(
    "says so, with a way on: %s",
    async (id) => {
      await page.goto(`/runs/${id}`);
      await page.getByRole("heading", { name: "Not found" }).waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.locator(".main").getByRole("link", { name: "See all runs" }).click();
      await page.getByRole("heading", { name: "Fleet" }).waitFor();
      expect(me.offences).toEqual([]);
    },
  );
});
