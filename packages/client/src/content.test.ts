import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createClient } from "./client.ts";
import type { Content } from "./content.ts";

const bytes = Buffer.from("0123456789".repeat(10_000));
const sha256 = (content: Buffer) => createHash("sha256").update(content).digest("hex");
const artifact = {
  id: "0198c3f2-7a1b-7000-8000-000000000002",
  name: "x.bin",
  bytes: bytes.length,
  sha256: sha256(bytes),
};
const newHash = () => createHash("sha256");

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(listener: RequestListener) {
  const seen: { url: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    seen.push({ url: request.url ?? "", headers: request.headers });
    listener(request, response);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, seen, client: createClient({ baseUrl: url, apiKey: "secret", timeoutMs: 2000 }) };
}

async function read({ body }: Pick<Content, "body">): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("the content of an artifact", () => {
  it("comes as it was stored", async () => {
    const { client, seen } = await serve((_, response) => response.end(bytes));
    expect((await read(await client.artifactContent("t", artifact, newHash))).equals(bytes)).toBe(true);
    expect(seen[0]).toMatchObject({
      url: `/v1/tasks/t/artifacts/${artifact.id}/content`,
      headers: { authorization: "Bearer secret", "accept-encoding": "identity" },
    });
  });

  it("goes on where an earlier download stopped", async () => {
    const { client, seen } = await serve((_, response) => {
      response.writeHead(206, { "content-range": `bytes 400-${bytes.length - 1}/${bytes.length}` });
      response.end(bytes.subarray(400));
    });
    const resume = { from: 400, hash: newHash().update(bytes.subarray(0, 400)) };
    const content = await client.artifactContent("t", artifact, newHash, { resume });
    expect(content.from).toBe(400);
    expect((await read(content)).length).toBe(bytes.length - 400);
    expect(seen[0]?.headers.range).toBe("bytes=400-");
  });

  it("begins anew where the server knows no ranges", async () => {
    const { client } = await serve((_, response) => response.end(bytes));
    const resume = { from: 400, hash: newHash().update(bytes.subarray(0, 400)) };
    const content = await client.artifactContent("t", artifact, newHash, { resume });
    expect([content.from, (await read(content)).length]).toEqual([0, bytes.length]);
  });

  it.each([
    ["one byte another", Buffer.concat([bytes.subarray(1), Buffer.from("x")]), "upstream_failed", "SHA-256"],
    ["a byte too many", Buffer.concat([bytes, Buffer.from("x")]), "upstream_failed", "longer"],
    ["a byte too few", bytes.subarray(1), "unavailable", "ended after"],
  ])("is refused with %s", async (_, sent, code, why) => {
    const { client } = await serve((_, response) => response.end(sent));
    const content = await client.artifactContent("t", artifact, newHash);
    await expect(read(content)).rejects.toMatchObject({ code, message: expect.stringContaining(why) });
  });

  it("is refused when it is another part than the one asked for", async () => {
    const { client } = await serve((_, response) => {
      response.writeHead(206, { "content-range": "bytes 7-9/10" }).end("789");
    });
    const resume = { from: 400, hash: newHash() };
    const asked = client.artifactContent("t", artifact, newHash, { resume });
    await expect(asked).rejects.toMatchObject({ message: expect.stringContaining("another part") });
  });

  it("does not wait for ever for a server that falls silent", async () => {
    const { url } = await serve((_, response) => void response.write("0"));
    const client = createClient({ baseUrl: url, apiKey: "k", timeoutMs: 20 });
    const whole = (async () => read(await client.artifactContent("t", artifact, newHash)))();
    await expect(whole).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("in time"),
    });
  });
});

describe("content that lies elsewhere", () => {
  it("is fetched there, without the key", async () => {
    const store = await serve((_, response) => response.end(bytes));
    const { client } = await serve((_, response) =>
      response.writeHead(302, { location: `${store.url}/bucket/x?signature=s` }).end(),
    );
    expect((await read(await client.artifactContent("t", artifact, newHash))).length).toBe(bytes.length);
    expect(store.seen[0]?.url).toBe("/bucket/x?signature=s");
    expect(store.seen[0]?.headers.authorization).toBeUndefined();
  });

  it("takes the range along", async () => {
    const store = await serve((_, response) => response.end(bytes));
    const { client } = await serve((_, response) => response.writeHead(307, { location: store.url }).end());
    await read(
      await client.artifactContent("t", artifact, newHash, { resume: { from: 5, hash: newHash() } }),
    );
    expect(store.seen[0]?.headers.range).toBe("bytes=5-");
  });

  it.each([
    "file:///etc/passwd",
    "ftp://127.0.0.1/x",
    "data:,x",
    "http://user:pw@127.0.0.1/x",
    "http://[",
    "//",
  ])("is not fetched from %s", async (location) => {
    const { client } = await serve((_, response) => response.writeHead(302, { location }).end());
    const asked = client.artifactContent("t", artifact, newHash);
    await expect(asked).rejects.toMatchObject({ message: expect.stringContaining("not safe to follow") });
  });

  it("is given up when it leads in a circle, or is gone, and no signature is told", async () => {
    const round = await serve((request, response) =>
      response.writeHead(302, { location: `${request.url}&again` }).end(),
    );
    await expect(round.client.artifactContent("t", artifact, newHash)).rejects.toMatchObject({
      message: expect.stringMatching(/redirects without end\.$/),
    });
    const store = await serve((_, response) => response.writeHead(403).end());
    const { client } = await serve((_, response) =>
      response.writeHead(302, { location: `${store.url}/x?signature=s3cret` }).end(),
    );
    await expect(client.artifactContent("t", artifact, newHash)).rejects.toMatchObject({
      code: "upstream_failed",
      message: `${store.url} answered 403 to a download.`,
    });
  });

  it("is not followed for anything but content", async () => {
    const store = await serve((_, response) => response.end("{}"));
    const { client } = await serve((_, response) => response.writeHead(302, { location: store.url }).end());
    await expect(client.artifacts("t")).rejects.toMatchObject({ code: "upstream_failed" });
    expect(store.seen).toEqual([]);
  });
});

describe("the other calls about kept work", () => {
  it("have their paths", async () => {
    const answers: Record<string, unknown> = {
      "/v1/tasks/t/artifacts": { artifacts: [] },
      "/v1/tasks/t/files?prefix=src%2F&limit=5": { files: [], truncated: false, nextAfter: null },
      "/v1/tasks/t/checkpoints": { checkpoints: [] },
    };
    const { client, seen } = await serve((request, response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(answers[request.url ?? ""] ?? {}));
    });
    expect(await client.artifacts("t")).toEqual([]);
    expect(await client.files("t", { prefix: "src/", limit: 5 })).toMatchObject({ files: [] });
    expect(await client.checkpoints("t")).toEqual([]);
    await client.takeCheckpoint("t", { label: "before the risky part" });
    expect((await read({ body: await client.fileContent("t", "a b/c") })).toString()).toBe("{}");
    expect(seen.at(-1)?.url).toBe("/v1/tasks/t/files/content?path=a+b%2Fc");
    expect((await read({ body: await client.artifactInPlace("t", "a") })).toString()).toBe("{}");
    expect(seen.at(-1)?.url).toBe("/v1/tasks/t/artifacts/a/content?inline=1");
  });

  it.each([
    ["not_found", 404],
    ["forbidden", 403],
  ])("fail for the reason the server gives: %s", async (code, status) => {
    const { client } = await serve((_, response) => {
      response.writeHead(status, { "content-type": "application/problem+json" });
      const problem = { type: "about:blank", title: "No", status, code, detail: "No.", requestId: "r" };
      response.end(JSON.stringify(problem));
    });
    await expect(client.artifactInPlace("t", "a")).rejects.toMatchObject({ code, message: "No." });
  });
});
