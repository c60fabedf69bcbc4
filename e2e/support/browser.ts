import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { Agency } from "./agency.ts";

const CHROMIUM = "/usr/bin/chromium";
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Debian's own Chromium: nothing is downloaded. */
export async function openBrowser(): Promise<Browser> {
  try {
    // A sandbox of its own is more than root in a container can have.
    return await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  } catch (error) {
    throw new Error(`Chromium did not start; install it with: apt-get install -y chromium`, { cause: error });
  }
}

/** A browser of one person: own cookies, and a record of what its pages did that they must not. */
export interface Visitor extends AsyncDisposable {
  context: BrowserContext;
  page: Page;
  /** Requests to anything but the server, errors on the console, policy violations, dialogs. */
  offences: string[];
}

export async function visit(
  browser: Browser,
  agency: Agency,
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: agency.url,
    locale: "en-GB",
    timezoneId: "UTC",
    ...options,
  });
  context.setDefaultTimeout(25_000);
  const offences: string[] = [];
  const origin = new URL(agency.url).origin;
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (/^(?:https?|wss?):$/.test(url.protocol) && url.origin !== origin)
      offences.push(`request to ${url.href}`);
  });
  context.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !isExpected(text)) offences.push(`console: ${text}`);
  });
  context.on("weberror", (error) => offences.push(`error: ${String(error.error().stack)}`));
  context.on("dialog", (dialog) => {
    offences.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const page = await context.newPage();
  return { context, page, offences, [Symbol.asyncDispose]: () => context.close() };
}

/** Chromium reports each answer that is no success, and each lost connection: the app shows those itself. */
function isExpected(text: string): boolean {
  return /Failed to load resource|net::ERR_(?:CONNECTION|INCOMPLETE|INTERNET|NETWORK|EMPTY)/.test(text);
}

/** In by the one-time link that the server gives to whoever has the key. */
export async function signIn({ page }: Visitor, agency: Agency): Promise<void> {
  const { path } = await agency.client.createSignInLink();
  await page.goto(path);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page
    .getByRole("heading", { name: "Overview" })
    .or(page.getByLabel("What should be done?"))
    .first()
    .waitFor();
}

interface AxeResult {
  violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[];
}

/** What axe finds against WCAG 2.2 A and AA, one line each. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Through the debugger: the page's policy allows no script but the app's own.
  await page.evaluate(await readFile(AXE, "utf8"));
  const tags = JSON.stringify(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]);
  const { violations } = (await page.evaluate(
    `axe.run(document, { runOnly: { type: "tag", values: ${tags} } })`,
  )) as AxeResult;
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ""}`),
  );
}
