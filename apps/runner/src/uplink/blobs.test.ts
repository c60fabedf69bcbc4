import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { BLOB_HEADER, blobHeaderSchema, UPLINK_PATHS } from "@agency/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realClock } from "../clocks/real-clock.ts";
import { sendBlob } from "./blobs.ts";
import type { BlobResult } from "./blobs.ts";
import { createUplinkClient } from "./client.ts";
import type { UplinkClient } from "./client.ts";
import { createDoor } from "./door.ts";

const ID = "01890000-0000-7000-8000-000000000001";
const MiB = 1024 * 1024;

describe("a blob", () => {
  let folder: string;
  let server: Server;
  let client: UplinkClient;
  let answer: (incoming: IncomingMessage, outgoing: ServerResponse) => void;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "agency-blobs-"));
    server = createServer((incoming, outgoing) => answer(incoming, outgoing));
    await new Promise<void>((resolve) => server.listen(join(folder, "a.sock"), resolve));
    client = createUplinkClient(createDoor(folder), realClock);
  });
  afterEach(async () => {
    client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  const content = Buffer.alloc(5 * MiB, "blob");
  function send(
    name = "a.bin",
    signal = new AbortController().signal,
    onTrouble?: (why: string) => void,
  ): Promise<BlobResult> {
    const file = join(folder, "content");
    writeFileSync(file, content);
    const sha256 = createHash("sha256").update(content).digest("hex");
    const header = { kind: "file", name, bytes: content.length, sha256, mediaType: "text/plain" } as const;
    return sendBlob({ client, clock: realClock, random: () => 0 }, header, file, signal, onTrouble);
  }
  const store = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<Buffer> => {
    const body = await buffer(incoming);
    outgoing.writeHead(201).end(JSON.stringify({ id: ID }));
    return body;
  };

  it("is put whole, with what it is in a header that holds any name", async () => {
    const got = Promise.withResolvers<{ body: Buffer; incoming: IncomingMessage }>();
    answer = (incoming, outgoing) =>
      void store(incoming, outgoing).then((body) => got.resolve({ body, incoming }));
    expect(await send("bild/größe 🦆.txt")).toEqual({ kind: "stored", id: ID });
    const { body, incoming } = await got.promise;
    expect([incoming.method, incoming.url]).toEqual(["PUT", UPLINK_PATHS.blobs]);
    expect(incoming.headers["content-length"]).toBe(String(content.length));
    const header = blobHeaderSchema.parse(JSON.parse(String(incoming.headers[BLOB_HEADER])));
    expect(header).toMatchObject({ name: "bild/größe 🦆.txt", bytes: content.length });
    expect(body.equals(content)).toBe(true);
  });

  it("is sent again from its start when the connection breaks", async () => {
    const bodies: Buffer[] = [];
    let tries = 0;
    answer = (incoming, outgoing) => {
      tries += 1;
      if (tries < 3) incoming.once("data", () => incoming.destroy());
      else void store(incoming, outgoing).then((body) => bodies.push(body));
    };
    expect(await send()).toMatchObject({ kind: "stored" });
    expect(bodies.map((body) => body.equals(content))).toEqual([true]);
  });

  it.each([
    [409, "fenced"],
    [410, "fenced"],
    [404, "refused"],
    [413, "refused"],
    [422, "refused"],
    [507, "refused"],
  ])("that is answered with %i before it is read is %s, and is not sent again", async (status, kind) => {
    let tries = 0;
    answer = (_incoming, outgoing) => {
      tries += 1;
      outgoing.writeHead(status).end("{}");
    };
    expect(await send()).toMatchObject({ kind });
    expect(tries).toBe(1);
  });

  it("waits for room where people are told of it, with what they can do", async () => {
    const told: string[] = [];
    answer = (incoming, outgoing) => {
      if (told.length > 1) return void store(incoming, outgoing);
      outgoing.writeHead(507, { "content-type": "application/problem+json" });
      outgoing.end(JSON.stringify({ detail: "The account is full.", next: "Delete tasks." }));
    };
    const sent = await send("a.bin", undefined, (why) => told.push(why));
    expect(sent).toEqual({ kind: "stored", id: ID });
    const why = "the control plane answered 507: The account is full. Delete tasks";
    expect(told).toEqual([why, why]);
  });

  it("is given up when the run ends", async () => {
    const over = new AbortController();
    answer = (incoming) => void incoming.once("data", () => over.abort());
    expect(await send("a.bin", over.signal)).toMatchObject({ kind: "stopped" });
  });
});
