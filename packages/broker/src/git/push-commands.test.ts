import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FLUSH, pktLine } from "./pkt-line.ts";
import { createPushReader, MAX_COMMANDS } from "./push-commands.ts";
import type { PushHead } from "./push-commands.ts";
import { judgePush } from "./push-rules.ts";

const OLD = "1".repeat(40);
const NEW = "2".repeat(40);
const ZERO = "0".repeat(40);
const RULE = { taskId: "task-1", pushBranch: undefined };
const OWN = "refs/heads/agency/task-1/x";

function command(ref: string, caps = "", next = NEW): Buffer {
  return pktLine(`${OLD} ${next} ${ref}${caps === "" ? "" : `\0${caps}`}`);
}

function read(...parts: Uint8Array[]): PushHead {
  return createPushReader()(Buffer.concat(parts));
}

function reasonOf(ref: string): string | null {
  const push = { commands: [{ ref, old: OLD, new: NEW, deletes: false }], capabilities: new Set<string>() };
  return judgePush(push, RULE)?.[0]?.reason ?? null;
}

describe("the lines before a pack", () => {
  it("read the same however they are cut, and pass on byte for byte", () => {
    const head = [
      pktLine(`shallow ${OLD}\n`),
      command("refs/heads/a", " report-status-v2 side-band-64k agent=git/2\n"),
      command("refs/heads/b", "", ZERO),
      FLUSH,
    ];
    const all = Buffer.concat([...head, Buffer.from("PACK rest")]);
    const cuts = fc.array(fc.integer({ min: 0, max: all.length }), { maxLength: 20 });
    fc.assert(
      fc.property(cuts, (at) => {
        const reader = createPushReader();
        const edges = [0, ...at.toSorted((a, b) => a - b), all.length];
        let passed = Buffer.alloc(0);
        let done: PushHead = { state: "more" };
        for (let index = 0; index + 1 < edges.length; index += 1) {
          const chunk = all.subarray(edges[index], edges[index + 1]);
          if (done.state !== "more") passed = Buffer.concat([passed, chunk]);
          else if (((done = reader(chunk)), done.state === "done"))
            passed = Buffer.concat([done.head, done.rest]);
        }
        expect(passed.equals(all)).toBe(true);
        expect(done).toMatchObject({
          state: "done",
          push: {
            commands: [
              { ref: "refs/heads/a", old: OLD, new: NEW, deletes: false },
              { ref: "refs/heads/b", old: OLD, new: ZERO, deletes: true },
            ],
            capabilities: new Set(["report-status-v2", "side-band-64k", "agent"]),
          },
        });
      }),
    );
  });

  it.each([
    ["a second list of capabilities", [command(OWN, "a"), command(OWN, "push-options"), FLUSH]],
    ["a capability behind a tab", [command(OWN, "a\tpush-options"), FLUSH]],
    ["a second NUL", [command(OWN, "a\0b"), FLUSH]],
    ["a line feed inside", [command("refs/heads/a\nrefs/heads/b"), FLUSH]],
    ["a space in a ref", [command("refs/heads/a b"), FLUSH]],
    ["object names of two kinds", [pktLine(`${OLD} ${"2".repeat(64)} ${OWN}`), FLUSH]],
    ["upper case in an object name", [pktLine(`${"A".repeat(40)} ${NEW} ${OWN}`), FLUSH]],
    ["a shallow line behind a command", [command(OWN), pktLine(`shallow ${OLD}`), FLUSH]],
    ["an empty line", [Buffer.from("0004"), FLUSH]],
    ["a delimiter", [Buffer.from("0001"), FLUSH]],
    ["a signed push", [pktLine("push-cert\0a"), FLUSH]],
  ])("are refused with %s", (_, parts) => {
    expect(read(...parts)).toMatchObject({ state: "bad" });
  });

  it("are bounded in number and size", () => {
    const many = Array.from({ length: MAX_COMMANDS + 1 }, (_, index) => command(`refs/heads/${index}`));
    expect(read(...many, FLUSH)).toMatchObject({ state: "too_many" });
    const long = Array.from({ length: 300 }, () => command(`refs/heads/${"a".repeat(1_000)}`));
    expect(read(...long)).toMatchObject({ state: "too_many" });
  });
});

describe("the refs of a push", () => {
  it.each([OWN, "refs/heads/agency/task-1/a/b-c_d.e"])("may be %s", (ref) => {
    expect(reasonOf(ref)).toBeNull();
  });

  it.each([
    "refs/heads/agency/task-1/",
    "refs/heads/agency/task-1",
    "refs/heads/agency/task-12/x",
    "refs/heads/agency/task-1/../../main",
    "refs/heads/agency/task-1/../task-2/x",
    "refs/heads/agency/task-1//x",
    "refs/heads/agency/task-1/./x",
    "refs/heads/agency/task-1/x.lock",
    "refs/heads/agency/task-1/x@{0}",
    "refs/heads/agency/task-1/x\\y",
    "refs/heads/agency/task-1/x\uFFFD",
    "refs/heads/agency/task-1/*",
    "refs/heads/AGENCY/task-1/x",
    "REFS/heads/agency/task-1/x",
    "refs/heads/main",
    "refs/tags/agency/task-1/x",
    "refs/remotes/origin/agency/task-1/x",
    "HEAD",
    "main",
  ])("may not be %s", (ref) => {
    expect(reasonOf(ref)).not.toBeNull();
  });

  it.each(["push-options", "push-options=1"])("may not come with %s", (capability) => {
    const head = read(command(OWN, `report-status ${capability}`), FLUSH);
    expect(head.state === "done" && judgePush(head.push, RULE)?.[0]?.reason).toMatch(/push options/);
  });
});
