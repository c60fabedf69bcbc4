// The least that a server can do which verifies what it stores: takes a body, hashes it, writes it, syncs it. A
// process of its own, so that its time can be told from the sender's. Prints its port.
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

const PIECE_BYTES = 1024 * 1024;
const [to = ""] = process.argv.slice(2);

const server = createServer((request, response) => {
  receive(request).then(
    (sha256) => response.end(sha256),
    (error: unknown) => response.destroy(error as Error),
  );
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));

async function receive(request: IncomingMessage): Promise<string> {
  const hash = createHash("sha256");
  await using file = await open(to, "w");
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  let filled = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    if (filled + chunk.length > PIECE_BYTES) {
      await file.write(piece, 0, filled);
      filled = 0;
    }
    filled += chunk.copy(piece, filled);
  }
  await file.write(piece, 0, filled);
  await file.sync();
  return hash.digest("hex");
}
