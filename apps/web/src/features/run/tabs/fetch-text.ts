import { piecesOf } from "@agency/client";
import { AgencyError } from "@agency/contract";
import { sessionFetch } from "../../../lib/first-api.ts";
import { readText } from "./read-text.ts";
import type { TextContent } from "./read-text.ts";

/** Content of the session's own server, by the browser's own means. */
export async function fetchText(path: string, mostBytes: number, signal: AbortSignal): Promise<TextContent> {
  const response = await sessionFetch(path, { signal });
  if (!response.ok || response.body === null)
    throw new AgencyError("upstream_failed", `The server answered ${response.status} to ${path}.`);
  return readText(piecesOf(response.body), mostBytes);
}
