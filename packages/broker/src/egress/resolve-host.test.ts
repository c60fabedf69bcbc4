import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createResolver } from "./resolve-host.ts";

const A = 1;
const AAAA = 28;
const NO_ERROR = 0;
const SERVER_FAILED = 2;
const NO_SUCH_NAME = 3;

/** Address records by name and type, or the code of a failure. */
const ZONE: Record<string, { [A]: string[] | number; [AAAA]: string[] | number }> = {
  "both.example": { [A]: ["cb007109", "cb00710a"], [AAAA]: ["20010db8000000000000000000000001"] },
  "four.example": { [A]: ["cb007109"], [AAAA]: [] },
  "half.example": { [A]: ["cb007109"], [AAAA]: SERVER_FAILED },
  "none.example": { [A]: [], [AAAA]: [] },
  "broken.example": { [A]: SERVER_FAILED, [AAAA]: SERVER_FAILED },
};

/** The question as it came, and the answer a name server would give (RFC 1035, 4.1). */
function answerTo(query: Buffer): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let size = query[at] ?? 0; size > 0; size = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + size));
    at += 1 + size;
  }
  const type = query.readUInt16BE(at + 1);
  const records = ZONE[labels.join(".").toLowerCase()]?.[type as typeof A] ?? NO_SUCH_NAME;
  const [code, found] = typeof records === "number" ? [records, []] : [NO_ERROR, records];
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8180 | code, 2);
  for (const [offset, count] of [1, found.length, 0, 0].entries()) head.writeUInt16BE(count, 4 + offset * 2);
  const answers = found.map((hex) => {
    const data = Buffer.from(hex, "hex");
    const record = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, data.length]);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([head, query.subarray(12, at + 5), ...answers]);
}

describe("looking up a name", () => {
  let server: Socket;
  let resolve: ReturnType<typeof createResolver>;

  beforeAll(async () => {
    server = createSocket("udp4", (query, { port, address }) => server.send(answerTo(query), port, address));
    server.bind(0, "127.0.0.1");
    await once(server, "listening");
    resolve = createResolver([`127.0.0.1:${server.address().port}`]);
  });
  afterAll(() => void server.close());

  it.each([
    ["both.example", ["203.0.113.9", "203.0.113.10", "2001:db8::1"]],
    ["four.example", ["203.0.113.9"]],
    ["half.example", ["203.0.113.9"]],
    ["none.example", []],
    ["unknown.example", []],
  ])("finds every address of %s", async (name, addresses) => {
    expect(await resolve(name)).toEqual(addresses);
  });

  it("fails when no name server can say", async () => {
    await expect(resolve("broken.example")).rejects.toThrow("ESERVFAIL");
  });
});
