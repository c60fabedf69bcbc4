import { AgencyError, BLOB_HEADER } from "@agency/contract";
import type { BlobHeader } from "@agency/contract";
import type { AttemptAccess } from "@agency/core";
import { describe, expect, it } from "vitest";
import { createSilentLogger } from "../http/testing/silent-logger.ts";
import type { LoggedLine } from "../http/testing/silent-logger.ts";
import { createUplinkApp } from "./app.ts";
import type { UplinkDeps } from "./app.ts";

const RUNNER = { authorization: "Bearer of-a-runner" };
const HASH = "a".repeat(64);

function setUp() {
  const taken: { header: BlobHeader; body: string }[] = [];
  const heard: string[] = [];
  const lines: LoggedLine[] = [];
  const deps: Partial<UplinkDeps> = {
    access: async () => ({ attemptId: "attempt" }) as AttemptAccess,
    heard: (id) => void heard.push(id),
    async takeBlob(_access, header, body) {
      if (header.kind === "archive") throw new AgencyError("payload_too_large", "This task keeps no more.");
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      taken.push({ header, body: Buffer.concat(chunks).toString() });
      return { id: `blob ${taken.length}` };
    },
    async takeCheckpoint(_access, { number }) {
      if (number === 2) throw new AgencyError("not_found", "There is no such blob.");
    },
    openRestore: async () => ({ bytes: 5, body: new Blob(["saved"]).stream() }),
    logger: createSilentLogger(lines),
  };
  // What is behind the other doors is not asked for.
  const app = createUplinkApp(deps as UplinkDeps);
  const ask = async (
    method: string,
    path: string,
    init: { headers?: Record<string, string>; body?: string },
  ) => {
    const response = await app.request(path, { method, ...init, headers: { ...RUNNER, ...init.headers } });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text };
  };
  const put = (header: string | undefined, body = "hello", more: Record<string, string> = {}) =>
    ask("PUT", "/uplink/blobs", {
      headers: { ...(header === undefined ? {} : { [BLOB_HEADER]: header }), ...more },
      body,
    });
  return { ask, put, taken, heard, lines };
}

const about = (more: object = {}) =>
  JSON.stringify({ kind: "file", name: "out/a.txt", bytes: 5, sha256: HASH, ...more });

describe("a blob", () => {
  it("is taken as it comes, under what its header says of it", async () => {
    const { put, taken, heard } = setUp();
    expect(await put(about())).toMatchObject({ status: 200, text: '{"id":"blob 1"}' });
    await put(about({ bytes: 0, kind: "manifest" }), "");
    expect(taken).toMatchObject([
      { header: { kind: "file", name: "out/a.txt", mediaType: "application/octet-stream" }, body: "hello" },
      { header: { kind: "manifest" }, body: "" },
    ]);
    expect(heard).toEqual(["attempt", "attempt"]);
  });

  it.each<[string, string | undefined, Record<string, string>?]>([
    ["no header", undefined],
    ["no JSON", "{"],
    ["another length than the body's", about({ bytes: 6 }), { "content-length": "5" }],
    ["a kind that is none", about({ kind: "event" })],
    ["a way out of the workspace", about({ name: "../a" })],
    ["an absolute path", about({ name: "/etc/passwd" })],
    ["a name that cannot be stored", about({ name: "a\0b" })],
    ["half a character", `{"kind":"file","name":"\\ud800","bytes":5,"sha256":"${HASH}"}`],
    ["a hash that is none", about({ sha256: "x" })],
    ["more than a name needs", about({ name: "x".repeat(9_000) })],
  ])("is refused before a byte is read: %s", async (_what, header, more) => {
    const { put, taken, lines } = setUp();
    const { status, text } = await put(header, "hello", more);
    expect([status, JSON.parse(text).code]).toEqual([400, "invalid_request"]);
    expect([taken, lines]).toEqual([[], []]);
  });

  it("is refused for good when there is no room for it", async () => {
    expect((await setUp().put(about({ kind: "archive" }))).status).toBe(413);
  });
});

describe("a checkpoint", () => {
  const told = {
    number: 1,
    label: null,
    turn: 1,
    blob: "01900000-0000-7000-8000-000000000000",
    base: "b",
    head: "h",
    branch: null,
    commit: "c",
    sessionId: null,
    engineVersion: null,
  };

  it("is made when the runner says what is in the blob", async () => {
    const { ask } = setUp();
    const post = (more: object) =>
      ask("POST", "/uplink/checkpoints", { body: JSON.stringify({ ...told, ...more }) });
    expect(await post({})).toMatchObject({ status: 200, text: "{}" });
    expect((await post({ number: 2 })).status).toBe(404);
    expect((await post({ number: 0 })).status).toBe(400);
    expect((await post({ commit: "c".repeat(70_000) })).status).toBe(413);
  });

  it("is given out to begin with", async () => {
    const { status, headers, text } = await setUp().ask("GET", "/uplink/restore", {});
    expect([status, headers.get("content-length"), text]).toEqual([200, "5", "saved"]);
  });
});
