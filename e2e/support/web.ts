import type { ScriptedModel } from "@agency/scripted-model";
import type { Browser } from "playwright-core";
import { Agency } from "./agency.ts";
import type { AgencyOptions } from "./agency.ts";
import { openBrowser, signIn, visit } from "./browser.ts";
import type { Visitor } from "./browser.ts";

const KEY = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz-FIRST";

/** A server and a browser: what tests of the pages stand on. */
export interface Web extends AsyncDisposable {
  agency: Agency;
  browser: Browser;
  /** A person who is signed in. */
  enter(options?: Parameters<typeof visit>[2]): Promise<Visitor>;
}

export async function openWeb(options: AgencyOptions & { model?: ScriptedModel } = {}): Promise<Web> {
  await using ends = new AsyncDisposableStack();
  const { model, env = {}, ...rest } = options;
  const listening = await model?.listen();
  if (listening !== undefined) ends.defer(() => listening.close());
  const ofModel =
    listening === undefined ? {} : { ANTHROPIC_BASE_URL: listening.url, ANTHROPIC_API_KEY: KEY };
  const agency = ends.use(await Agency.start({ ...rest, env: { ...ofModel, ...env } }));
  const browser = ends.use(await openBrowser());
  const kept = ends.move();
  return {
    agency,
    browser,
    async enter(as) {
      const visitor = await visit(browser, agency, as);
      await signIn(visitor, agency);
      return visitor;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
