import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Agency } from "./support/agency.ts";
import type { Visitor } from "./support/browser.ts";
import { hostileProgram, PAYLOADS } from "./support/hostile.ts";
import { openWeb } from "./support/web.ts";
import type { Web } from "./support/web.ts";

let web: Web;
let agency: Agency;
let me: Visitor;
let id: string;

beforeAll(async () => {
  web = await openWeb();
  ({ agency } = web);
  me = await web.enter();
  await me.page.exposeFunction("pwned", (what: unknown) => me.offences.push(`ran: ${String(what)}`));
  const task = await agency.client.createTask({
    name: "<img src=x onerror=pwned('name')>",
    prompt:
      "<script>pwned('prompt')</script> [x](javascript:pwned('prompt')) ![x](https://evil.example/p.png)",
    engine: "command",
    command: hostileProgram(),
  });
  ({ id } = task);
  const { events } = await agency.finished(id);
  if (events.length <= PAYLOADS.length * 8) throw new Error(`too little was said\n${await agency.story(id)}`);
}, 120_000);
afterAll(() => web?.[Symbol.asyncDispose]());

/** Goes through everything that can be scrolled to, opens all that opens, and says what should not be there. */
const WALK = `(async () => {
  const found = new Set();
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const look = () => {
    for (const node of document.querySelectorAll("#root *")) {
      const name = node.localName;
      if (/^(script|iframe|object|embed|img|base|meta|link|style|math|video|audio)$/.test(name)) found.add("element " + name);
      for (const { name: attribute, value } of node.attributes) {
        if (/^on|^srcdoc$|^formaction$/.test(attribute)) found.add("attribute " + attribute);
        if (/^(href|src|action)$/.test(attribute) && !/^(https?:|[/#?])/.test(value)) found.add(attribute + " " + value.slice(0, 60));
      }
      if (name === "a" && node.origin !== location.origin) {
        if (!node.rel.includes("noopener") || !node.textContent.includes(node.host)) found.add("bare link to " + node.href);
      }
    }
    if (/[\\u202A-\\u202E\\u2066-\\u2069\\u200B\\uFEFF\\u001B]/.test(document.querySelector("#root").textContent)) found.add("a character that cannot be seen");
    if (document.documentElement.scrollWidth > innerWidth) found.add("wider than the screen");
  };
  const box = document.querySelector(".virtual-scroller") ?? document.querySelector(".tab-scroll") ?? document.querySelector("#tab-panel");
  box.scrollTop = 0;
  let rounds = 0;
  for (; rounds < 400; rounds += 1) {
    for (const closed of document.querySelectorAll("#tab-panel details:not([open])")) closed.open = true;
    for (const closed of document.querySelectorAll("#tab-panel [aria-expanded=false]:not(:disabled)")) closed.click();
    await frame();
    look();
    const before = box.scrollTop;
    box.scrollTop += box.clientHeight * 0.8;
    await frame();
    if (box.scrollTop <= before) break;
  }
  look();
  return { found: [...found], rounds };
})()`;

describe("what a hijacked agent says", { timeout: 90_000 }, () => {
  it.each(["", "?tab=files", "?tab=diff", "?tab=logs", "?tab=raw", "?tab=settings"])(
    "is only text at %s",
    async (tab) => {
      const { page } = me;
      await page.goto(`/runs/${id}${tab}`);
      await page
        .locator(
          "#tab-panel .row, #tab-panel .change, #tab-panel .log-line, #tab-panel .raw, #tab-panel dl, #tab-panel .state, #tab-panel .checkpoints",
        )
        .first()
        .waitFor();
      await page.getByText("Historical").waitFor();
      await page.locator(".connection-live").waitFor();
      const walk = (await page.evaluate(WALK)) as { found: string[]; rounds: number };
      expect(walk.found).toEqual([]);
      if (tab === "") expect(walk.rounds).toBeGreaterThan(20);
      expect(me.offences).toEqual([]);
    },
  );

  it("is only text on the pages that show it among other runs", async () => {
    for (const path of ["/", "/fleet", `/new?like=${id}`]) {
      await me.page.goto(path);
      await me.page
        .getByText("onerror")
        .or(me.page.getByRole("textbox", { name: "Task" }))
        .first()
        .waitFor();
      expect(await me.page.evaluate(`document.querySelectorAll("#root img, #root script").length`)).toBe(0);
    }
    await me.page.keyboard.press("Control+k");
    await me.page.getByRole("combobox", { name: "Search runs and commands" }).fill("onerror");
    await me.page.locator("#palette-list [role=option]").first().waitFor();
    expect(me.offences).toEqual([]);
  });

  it("opens nothing when its links are followed", async () => {
    await me.page.goto(`/runs/${id}`);
    await me.page.locator("#tab-panel .row").first().waitFor();
    const schemes = await me.page.evaluate(
      `[...new Set([...document.querySelectorAll("#tab-panel a")].map((link) => link.protocol))]`,
    );
    expect((schemes as string[]).filter((scheme) => !/^https?:$/.test(scheme))).toEqual([]);
    expect(await me.page.title()).toContain("Agency");
  });
});
