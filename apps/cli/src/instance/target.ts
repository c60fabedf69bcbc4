import { AgencyError } from "@agency/contract";
import type { Instance } from "@agency/contract";
import type { Config } from "../config.ts";

export interface Target {
  url: string;
  apiKey: string | null;
}

/**
 * Which server to talk to and with which key. A key only goes where its owner meant it to go: a `.env`
 * in somebody's repository may name a server, but then it brings its own key.
 */
export function chooseTarget(
  { settings, sources }: Pick<Config, "settings" | "sources">,
  instance: Instance | null,
  readKey: () => string | null,
): Target | null {
  const { url, apiKey } = settings;
  if (url === null || url === instance?.url) {
    if (instance === null) return null;
    const own = sources.apiKey.kind === "dotenv" ? null : apiKey;
    return { url: instance.url, apiKey: own ?? readKey() };
  }
  const named = sources.url.kind !== "dotenv";
  if (apiKey !== null) {
    if (named || sources.apiKey.kind === "dotenv") return { url, apiKey };
    throw new AgencyError(
      "forbidden",
      `${sources.url.where} names the server ${url}, but AGENCY_API_KEY is not its key.`,
      {
        next: "Set AGENCY_URL and AGENCY_API_KEY in the same place, or pass --url.",
      },
    );
  }
  if (named && isLoopback(url)) return { url, apiKey: readKey() };
  throw new AgencyError("unauthenticated", `There is no key for ${url}.`, {
    next: "Set AGENCY_API_KEY to the text of the file `api-key` in the data folder of that server.",
  });
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
