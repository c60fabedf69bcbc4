import type { Page } from "playwright-core";
import type { Agency } from "./agency.ts";

export interface Shown {
  /** Since the runner's stamp on the event. */
  afterEvent: number;
  /** Since a client of the API had it. */
  afterProgram: number;
}

/** How many milliseconds until a line stands in the log that is open, once the run was told to print it. */
export async function showing(
  agency: Agency,
  page: Page,
  id: string,
  { told, line }: { told: string; line: string },
): Promise<Shown> {
  // Nothing is handed back: a promise would be waited for.
  await page.evaluate(`void (window.seen = new Promise((done) => new MutationObserver(() => {
    if (document.querySelector("#tab-panel")?.textContent.includes("${line}")) done(Date.now());
  }).observe(document.body, { subtree: true, childList: true, characterData: true })))`);
  const { lastSeq } = await agency.client.listEvents(id, { limit: 1 });
  const program = agency
    .event(id, "log", ({ text }) => text.includes(line), lastSeq)
    .then((event) => ({ at: Date.parse(event.at), had: Date.now() }));
  await agency.client.sendMessage(id, { text: told, mode: "steer" });
  const { at, had } = await program;
  const seen = (await page.evaluate("window.seen")) as number;
  return { afterEvent: seen - at, afterProgram: seen - had };
}
