import {
  encodeTerminalFrame,
  encodeTerminalJson,
  MAX_TERMINAL_FRAME,
  TerminalFrameReader,
} from "@agency/contract";
import { describe, expect, it } from "vitest";
import { openTerminal } from "./terminal-session.ts";
import type { Socket } from "./terminal-session.ts";

function setUp() {
  const listeners = new Map<string, (event: { data?: unknown }) => void>();
  const reader = new TerminalFrameReader();
  const sent: { kind: string; text: string }[] = [];
  const messages: number[] = [];
  const told: string[] = [];
  let closed = false;
  const socket: Socket = {
    binaryType: "blob",
    send: (bytes) => {
      messages.push(bytes.length);
      for (const { kind, payload } of reader.push(bytes))
        sent.push({ kind, text: new TextDecoder().decode(payload) });
    },
    close: () => (closed = true),
    addEventListener: (type, listener) => listeners.set(type, listener),
  };
  const fire = (type: string, data?: Uint8Array) =>
    listeners.get(type)?.({ data: data === undefined ? undefined : new Uint8Array(data).buffer });
  const session = openTerminal(socket, {
    size: () => ({ columns: 80, rows: 24 }),
    onOutput: (bytes) => told.push(`output ${new TextDecoder().decode(bytes)}`),
    onEnd: (words) => told.push(`end ${words}`),
  });
  return { session, fire, sent, messages, told, isClosed: () => closed };
}

describe("a terminal in the browser", () => {
  it("says how large it is, sends what is typed and shows what comes", () => {
    const { session, fire, sent, told } = setUp();
    fire("open");
    session.write("ls\r");
    session.resize({ columns: 100, rows: 30 });
    fire("message", encodeTerminalFrame("output", new TextEncoder().encode("file\r\n")));
    expect(sent).toEqual([
      { kind: "open", text: '{"command":null,"size":{"columns":80,"rows":24}}' },
      { kind: "input", text: "ls\r" },
      { kind: "resize", text: '{"columns":100,"rows":30}' },
    ]);
    expect(told).toEqual(["output file\r\n"]);
  });

  it("sends what was typed before it was open, after having said how large it is", () => {
    const { session, fire, sent } = setUp();
    session.write("echo ");
    session.write("early\r");
    session.resize({ columns: 100, rows: 30 });
    expect(sent).toEqual([]);
    fire("open");
    session.write("x");
    expect(sent.map(({ kind, text }) => (kind === "input" ? text : kind))).toEqual([
      "open",
      "echo ",
      "early\r",
      "x",
    ]);
  });

  it("keeps no more than a megabyte of it, and no part of what is too much", () => {
    const { session, fire, sent } = setUp();
    session.write("a".repeat(1000));
    session.write("b".repeat(1024 * 1024));
    fire("open");
    expect(sent.slice(1)).toEqual([{ kind: "input", text: "a".repeat(1000) }]);
  });

  it("sends what is pasted in messages the server takes", () => {
    const { session, fire, sent, messages } = setUp();
    fire("open");
    const pasted = "é".repeat(100_000);
    session.write(pasted);
    expect(messages).toHaveLength(1 + Math.ceil(200_000 / MAX_TERMINAL_FRAME));
    expect(Math.max(...messages)).toBeLessThanOrEqual(MAX_TERMINAL_FRAME + 5);
    expect(sent.filter(({ kind }) => kind === "input").reduce((sum, { text }) => sum + text.length, 0)).toBe(
      100_000,
    );
  });

  it("puts together what arrives in pieces", () => {
    const { fire, told } = setUp();
    fire("open");
    const bytes = encodeTerminalFrame("output", new TextEncoder().encode("whole"));
    fire("message", bytes.subarray(0, 3));
    fire("message", bytes.subarray(3));
    expect(told).toEqual(["output whole"]);
  });

  it.each([
    [encodeTerminalJson("exit", { code: 0 }), "The shell has ended."],
    [encodeTerminalJson("exit", { code: 3 }), "The shell ended with 3."],
    [encodeTerminalJson("failed", { message: "No sandbox." }), "No sandbox."],
    [new Uint8Array([99, 0, 0, 0, 0]), "The connection is gone. What ran in the terminal was ended with it."],
  ])("tells once how it ended, and hangs up", (bytes, words) => {
    const { fire, told, isClosed } = setUp();
    fire("open");
    fire("message", bytes);
    fire("close");
    expect(told).toEqual([`end ${words}`]);
    expect(isClosed()).toBe(true);
  });

  it("that never opened says so", () => {
    const { fire, told } = setUp();
    fire("close");
    expect(told).toEqual(["end It could not be opened."]);
  });
});
