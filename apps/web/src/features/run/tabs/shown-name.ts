import { runsOf } from "../../../lib/odd-characters.ts";
import type { Run } from "../../../lib/odd-characters.ts";

const ODD_IN_NAMES: ReadonlyMap<string, Run> = new Map([
  ["\n", { kind: "odd", name: "U+000A" }],
  ["\t", { kind: "odd", name: "U+0009" }],
]);

/** Newlines and tabs, which are nothing special in text, would make one file's name look like another's. */
export function nameRuns(name: string): Run[] {
  return name.split(/([\n\t])/).flatMap((part) => ODD_IN_NAMES.get(part) ?? runsOf(part));
}

/** For a tooltip or a label, which a character in it could turn around. */
export function shownName(name: string): string {
  return nameRuns(name)
    .map((run) => (run.kind === "plain" ? run.text : `‹${run.name}›`))
    .join("");
}
