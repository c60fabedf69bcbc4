import { MAX_PAGE } from "@agency/contract";
import { EXIT } from "../exit-codes.ts";
import { oneLine } from "../render/text.ts";
import type { Session } from "../session.ts";

const DEFAULT_ROWS = 20;

export async function audit({ client, output, json, signal }: Session, most = DEFAULT_ROWS): Promise<number> {
  const api = await client();
  const entries = [];
  let cursor: string | null = null;
  do {
    const limit = Math.min(MAX_PAGE, most - entries.length);
    const page = await api.audit({ limit, ...(cursor === null ? {} : { cursor }) }, { signal });
    entries.push(...page.entries);
    cursor = page.nextCursor;
  } while (cursor !== null && entries.length < most);
  if (json) output.json(entries);
  else if (entries.length === 0) output.note("Nothing has been changed yet.");
  else {
    output.print(
      entries.map(({ at, actor, action, target, detail }) => {
        const facts = Object.entries(detail).map(([key, value]) => `${key}=${value}`);
        return [at, actor, action, target, ...facts].map(oneLine).join("  ");
      }),
    );
  }
  return EXIT.done;
}
