import type { Retention, SetRetention } from "@agency/contract";
import { EXIT } from "../exit-codes.ts";
import { durationOption } from "../parse/duration.ts";
import { renderColumns } from "../render/columns.ts";
import { formatLimit } from "../render/numbers.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";

const PARTS = { events: "eventsMs", artifacts: "artifactsMs", checkpoints: "checkpointsMs" } as const;
type Part = keyof typeof PARTS;
const EXAMPLE = "Write it like events=365d or artifacts=forever.";

export async function retention(
  session: Session,
  action: string | undefined,
  given: readonly string[],
): Promise<number> {
  const { output, json, signal } = session;
  if (action !== undefined && action !== "set")
    throw new UsageError(`retention has no "${action}".`, "Change it with: agency retention set events=365d");
  if (action === "set" && given.length === 0) throw new UsageError("set what?", EXAMPLE);
  const times = Object.assign({}, ...given.map(readTime)) as SetRetention;
  const client = await session.client();
  const kept = await (action === "set"
    ? client.setRetention(times, { signal })
    : client.retention({ signal }));
  if (json) output.json(kept);
  else output.print(renderColumns(["WHAT", "KEPT FOR"], rowsOf(kept), output.style));
  return EXIT.done;
}

function readTime(text: string): SetRetention {
  const [, part = "", time = ""] = /^([a-z]+)=(.+)$/.exec(text) ?? [];
  if (!isPart(part)) throw new UsageError(`"${text}" names nothing that is kept.`, EXAMPLE);
  return { [PARTS[part]]: time === "forever" ? null : durationOption(time, part) };
}

function isPart(text: string): text is Part {
  return Object.hasOwn(PARTS, text);
}

function rowsOf(kept: Retention): string[][] {
  return Object.entries(PARTS).map(([part, key]) => [part, inWords(kept[key])]);
}

function inWords(ms: number | null): string {
  return ms === null ? "forever" : formatLimit(ms);
}
