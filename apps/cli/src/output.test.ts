import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createOutput } from "./output.ts";
import type { OutputStream } from "./output.ts";

function stream({ terminal = false, columns = 80, fails = false } = {}) {
  const written: string[] = [];
  const target: OutputStream = new Writable({
    write: (chunk: Buffer, _, done) => {
      if (fails) return done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
      written.push(chunk.toString());
      done();
    },
  });
  target.isTTY = terminal;
  target.columns = columns;
  return { target, text: () => written.join("") };
}

function output({
  terminal = false,
  columns = 80,
  env = {},
}: { terminal?: boolean; columns?: number; env?: Record<string, string> } = {}) {
  const out = stream({ terminal, columns });
  const err = stream({ terminal, columns });
  return { ...createOutput({ stdout: out.target, stderr: err.target, env }), out: out.text, err: err.text };
}

describe("output", () => {
  it("gives data to stdout and remarks to stderr", () => {
    const made = output();
    made.print(["a", "b"]);
    made.note("c");
    made.json({ d: 1 });
    expect(made.out()).toBe('a\nb\n{"d":1}\n');
    expect(made.err()).toBe("c\n");
  });

  it("has the width and colours of a terminal, and none in a pipe", () => {
    expect(
      createOutput({
        stdout: stream({ terminal: true, columns: 120 }).target,
        stderr: stream().target,
        env: {},
      }).width,
    ).toBe(120);
    expect(output({ terminal: true }).style.red("x")).not.toBe("x");
    expect(output().style.red("x")).toBe("x");
    expect(createOutput({ stdout: stream().target, stderr: stream().target, env: {} }).width).toBe(Infinity);
  });

  it("treats a dumb terminal as a pipe", () => {
    const made = output({ terminal: true, env: { TERM: "dumb" } });
    expect(made.terminal).toBe(false);
    expect(made.style.red("x")).toBe("x");
  });

  it("keeps the live line under what is printed, and takes it away", () => {
    const made = output({ terminal: true });
    made.live("working");
    made.print("a line");
    made.live(null);
    made.live(null);
    expect(made.out()).toBe("\r\u001b[2Kworking\r\u001b[2Ka line\nworking\r\u001b[2K");
  });

  it("has no live line in a pipe", () => {
    const made = output();
    made.live("working");
    made.print("a line");
    expect(made.out()).toBe("a line\n");
  });

  it("says when the reader is gone, and stays quiet from then on", async () => {
    const broken = stream({ fails: true });
    const made = createOutput({ stdout: broken.target, stderr: stream().target, env: {} });
    const closed = new Promise((resolve) => made.closed.addEventListener("abort", resolve));
    made.print("x");
    await closed;
    made.print("y");
    made.live("z");
    expect(made.closed.aborted).toBe(true);
  });

  it("writes no control character into JSON, not even those JSON allows", () => {
    const made = output();
    made.json({ text: "\u001b[2J\u009b31m\u202e\u2028" });
    expect(made.out()).toBe('{"text":"\\u001b[2J\\u009b31m\\u202e\\u2028"}\n');
    expect(JSON.parse(made.out())).toEqual({ text: "\u001b[2J\u009b31m\u202e\u2028" });
  });
});
