import { encodeTerminalFrame, encodeTerminalJson, TerminalFrameReader } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { openTerminal } from "./terminal-session.ts";
import type { Socket } from "./terminal-session.ts";

function setUp() {
  const listeners = new Map<string, (event: { data?: unknown }) => void>();
  const reader = new TerminalFrameReader();
  const sent: { kind: string; text: string }[] = [];
  const told: string[] = [];
  let closed = false;
  const socket: Socket = {
    binaryType: "blob",
    send: (bytes) =>
      sent.push(
        ...reader.push(bytes).map(({ kind, payload }) => ({ kind, text: new TextDecoder().decode(payload) })),
      ),
    close: () => (closed = true),
    addEventListener: (type, listener) => listeners.set(type, listener),
  };
  const fire = (type: string, data?: Uint8Array) =>
    listeners.get(type)?.({ data: data === undefined ? undefined : new Uint8Array(data).buffer });
  const session = openTerminal(socket, {
    size: () => ({ columns: 80, rows: 24 }),
    onOutput: (bytes) => told.push(`output ${new TextDecoder().decode(bytes)}`),
    onOpen: () => told.push("open"),
    onEnd: (words) => told.push(`end ${words}`),
  });
  return { session, fire, sent, told, isClosed: () => closed };
}

describe("a terminal in the browser", () => {
  it("says how large it is, sends what is typed and shows what comes", () => {
    const { session, fire, sent, told } = setUp();
    session.write("too early");
    fire("open");
    session.write("ls\r");
    session.resize({ columns: 100, rows: 30 });
    fire("message", encodeTerminalFrame("output", new TextEncoder().encode("file\r\n")));
    expect(sent).toEqual([
      { kind: "open", text: '{"command":null,"size":{"columns":80,"rows":24}}' },
      { kind: "input", text: "ls\r" },
      { kind: "resize", text: '{"columns":100,"rows":30}' },
    ]);
    expect(told).toEqual(["open", "output file\r\n"]);
  });

  it("puts together what arrives in pieces", () => {
    const { fire, told } = setUp();
    fire("open");
    const bytes = encodeTerminalFrame("output", new TextEncoder().encode("whole"));
    fire("message", bytes.subarray(0, 3));
    fire("message", bytes.subarray(3));
    expect(told).toEqual(["open", "output whole"]);
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
    expect(told).toEqual(["open", `end ${words}`]);
    expect(isClosed()).toBe(true);
  });

  it("that never opened says so", () => {
    const { fire, told } = setUp();
    fire("close");
    expect(told).toEqual(["end It could not be opened."]);
  });
});
