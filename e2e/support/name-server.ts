import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";

const A = 1;

export interface NameServer extends AsyncDisposable {
  /** address:port */
  readonly address: string;
}

/**
 * A name server that answers as told: each question takes the next of the name's answers, and the last one for
 * ever. Everything else does not exist.
 */
export async function startNameServer(names: Record<string, string[][]>): Promise<NameServer> {
  const asked = new Map<string, number>();
  const socket = createSocket("udp4", (query, from) => {
    const { name, type, end } = readQuestion(query);
    const answers = names[name];
    const turn = asked.get(name) ?? 0;
    if (type === A) asked.set(name, turn + 1);
    const now = answers?.[Math.min(turn, answers.length - 1)] ?? [];
    socket.send(reply(query, end, answers === undefined, type === A ? now : []), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return { address: `127.0.0.1:${socket.address().port}`, [Symbol.asyncDispose]: () => close(socket) };
}

function close(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function reply(query: Buffer, end: number, unknown: boolean, addresses: readonly string[]): Buffer {
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180 | (unknown ? 3 : 0), 2);
  header.writeUInt16BE(addresses.length, 6);
  header.writeUInt16BE(0, 8);
  header.writeUInt16BE(0, 10);
  // A pointer to the question's name, A, IN, no time to live, four bytes.
  const records = addresses.map((address) =>
    Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split(".").map(Number)]),
  );
  return Buffer.concat([header, query.subarray(12, end), ...records]);
}
