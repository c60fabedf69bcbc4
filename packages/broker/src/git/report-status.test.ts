import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FLUSH, pktLine } from "./pkt-line.ts";
import { createReportReader } from "./report-status.ts";

const OLD = "1".repeat(40);
const NEW = "2".repeat(40);
const A = "refs/heads/agency/t/a";
const B = "refs/heads/agency/t/b";

function reader(refs: readonly string[], ...capabilities: string[]) {
  const commands = refs.map((ref) => ({ ref, old: OLD, new: NEW, deletes: false }));
  return createReportReader({ commands, capabilities: new Set(capabilities) });
}
const report = (...lines: string[]) => Buffer.concat([...lines.map((line) => pktLine(`${line}\n`)), FLUSH]);
const band = (number: number, bytes: Buffer) => pktLine(Buffer.concat([Buffer.from([number]), bytes]));

function fates(refs: readonly string[], capabilities: readonly string[], answer: Buffer) {
  const reports = reader(refs, ...capabilities);
  reports.take(answer);
  return reports.updates()?.map(({ ok }) => ok);
}

describe("the host's report of a push", () => {
  it("tells of each ref, with and without a side band, however it is cut", () => {
    const said = report("unpack ok", `ok ${A}`, `ng ${B} pre-receive hook declined`);
    const halves = [said.subarray(0, 21), said.subarray(21)];
    const banded = Buffer.concat([
      band(2, Buffer.from("Resolving deltas\n")),
      ...halves.map((half) => band(1, half)),
      band(2, report("unpack ok", `ok ${B}`)),
      FLUSH,
    ]);
    for (const [answer, capability] of [
      [said, "report-status"],
      [banded, "side-band-64k"],
    ] as const) {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 0, max: answer.length }), { maxLength: 8 }), (cuts) => {
          const reports = reader([A, B], "report-status", capability);
          const edges = [0, ...cuts.toSorted((a, b) => a - b), answer.length];
          for (const [index, edge] of edges.entries()) reports.take(answer.subarray(edge, edges[index + 1]));
          expect(reports.updates()).toEqual([
            { ref: A, old: OLD, new: NEW, ok: true },
            { ref: B, old: OLD, new: NEW, ok: false },
          ]);
        }),
      );
    }
  });

  it.each<[string, string[], Buffer]>([
    ["nothing was asked for", [A], Buffer.alloc(0)],
    ["it breaks off", [A], report("unpack ok", `ok ${A}`).subarray(0, -4)],
    ["it cannot be read", [A], Buffer.from("<html>ok</html>")],
    ["it tells of another ref", [A], report("unpack ok", `ok ${B}`)],
    ["it says two things", [A], report("unpack ok", `ok ${A}`, `ok ${A}`)],
    ["the ref was named twice", [A, A], report("unpack ok", `ok ${A}`)],
    ["the pack was not unpacked", [A], report("unpack index-pack failed", `ok ${A}`)],
    ["it went to another ref", [A], report("unpack ok", `ok ${A}`, "option refname refs/for/main")],
  ])("leaves it open what became of a push when %s", (_what, refs, answer) => {
    expect(fates(refs, ["report-status"], answer)).toEqual(refs.map(() => null));
  });

  it("is not told of more refs than an event of the log can hold", () => {
    const many = Array.from({ length: 17 }, (_, index) => `${A}${index}`);
    const answer = report("unpack ok", ...many.map((ref) => `ok ${ref}`));
    expect(fates(many, ["report-status"], answer)).toBeUndefined();
  });
});
