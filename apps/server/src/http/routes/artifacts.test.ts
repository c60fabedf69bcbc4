import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ANNA, createTestApi } from "../testing/test-api.ts";
import { ARTIFACT_ID, ARTIFACT_TEXT } from "../testing/memory-files.ts";

const api = createTestApi();
const { id } = api.useCases.addTask("anna");
const content = `/v1/tasks/${id}/artifacts/${ARTIFACT_ID}/content`;
const etag = `"${createHash("sha256").update(ARTIFACT_TEXT).digest("hex")}"`;

function get(path: string, headers: Record<string, string> = {}) {
  return api.ask("GET", path, { headers: { ...ANNA, ...headers } });
}

describe("downloading an artifact", () => {
  it("gives all of it, to be saved and never to be shown", async () => {
    const { status, text, headers } = await get(content);
    expect([status, text]).toEqual([200, ARTIFACT_TEXT]);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "application/octet-stream",
      "content-length": "10",
      "content-disposition": `attachment; filename="page___.html"; filename*=UTF-8''page_%C3%BC_.html`,
      "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      etag,
      "accept-ranges": "bytes",
    });
  });

  it("goes on where it broke off, as long as it is the same one", async () => {
    const part = await get(content, { range: "bytes=7-", "if-range": etag });
    expect([part.status, part.text, part.headers.get("content-range")]).toEqual([206, "789", "bytes 7-9/10"]);
    expect((await get(content, { range: "bytes=7-", "if-range": '"other"' })).text).toBe(ARTIFACT_TEXT);
    const behind = await get(content, { range: "bytes=10-" });
    expect([behind.status, behind.headers.get("content-range")]).toEqual([416, "bytes */10"]);
  });

  it("is not done again for who has it, nor for who asks only about it", async () => {
    expect(await get(content, { "if-none-match": etag })).toMatchObject({ status: 304, text: "" });
    const opened: unknown[] = [];
    const { downloadArtifact } = api.useCases;
    api.useCases.downloadArtifact = async (...args) => {
      const download = await downloadArtifact(...args);
      return { ...download, open: (range) => (opened.push(range), download.open(range)) };
    };
    const asking = { method: "HEAD", headers: { host: "agency.test", ...ANNA } };
    const response = await api.app.request(`http://agency.test${content}`, asking, {});
    expect([response.status, response.headers.get("content-length")]).toEqual([200, "10"]);
    expect(opened).toEqual([]);
    api.useCases.downloadArtifact = downloadArtifact;
  });

  it("is left to the storage when that can be asked directly", async () => {
    const { downloadArtifact } = api.useCases;
    api.useCases.downloadArtifact = async (...args) => ({
      ...(await downloadArtifact(...args)),
      sign: async () => "https://storage.example/x?signature=1",
    });
    const answer = await get(content);
    expect([answer.status, answer.text]).toEqual([302, ""]);
    expect(answer.headers.get("location")).toBe("https://storage.example/x?signature=1");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    api.useCases.downloadArtifact = downloadArtifact;
  });

  it("in place is plain text from here, wherever it is stored, and not without end", async () => {
    const { downloadArtifact } = api.useCases;
    let bytes = ARTIFACT_TEXT.length;
    api.useCases.downloadArtifact = async (...args) => ({
      ...(await downloadArtifact(...args)),
      bytes,
      sign: async () => "https://storage.example/x?signature=1",
    });
    const answer = await get(`${content}?inline=1`);
    expect([answer.status, answer.text]).toEqual([200, ARTIFACT_TEXT]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "content-length": "10",
      "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      etag,
    });
    expect((await get(`${content}?inline=1`, { "if-none-match": etag })).status).toBe(304);
    bytes = 16 * 1024 * 1024 + 1;
    expect((await get(`${content}?inline=1`)).status).toBe(413);
    expect((await get(`${content}?inline=yes`)).status).toBe(400);
    api.useCases.downloadArtifact = downloadArtifact;
  });

  it("of an id that is none, or of nothing that is there, is refused", async () => {
    expect((await get(content.replace(ARTIFACT_ID, "nonsense"))).status).toBe(400);
    expect((await get(content.replace(ARTIFACT_ID, id))).status).toBe(404);
  });
});

describe("the files of a workspace", () => {
  it("are listed, and given out one by one as attachments", async () => {
    expect((await get(`/v1/tasks/${id}/files?prefix=src/`)).body).toMatchObject({
      files: [{ path: "src/a.txt" }],
    });
    const file = await get(`/v1/tasks/${id}/files/content?path=src/a.txt`);
    expect([file.status, file.text]).toEqual([200, ARTIFACT_TEXT]);
    expect(file.headers.get("content-disposition")).toBe('attachment; filename="a.txt"');
    expect(file.headers.get("content-security-policy")).toContain("sandbox");
    expect((await get(`/v1/tasks/${id}/files/content`)).status).toBe(400);
    expect((await get(`/v1/tasks/${id}/files?limit=1001`)).status).toBe(400);
  });
});

describe("checkpoints", () => {
  it("have their files listed, and given out one by one as attachments", async () => {
    const files = `/v1/tasks/${id}/checkpoints/1/files`;
    expect((await get(`${files}?prefix=src/`)).body).toMatchObject({
      files: [{ path: "src/a.txt", change: "added" }],
      deleted: [],
      nextAfter: null,
    });
    const file = await get(`${files}/content?path=src/a.txt`);
    expect([file.status, file.text]).toEqual([200, ARTIFACT_TEXT]);
    expect(Object.fromEntries(file.headers)).toMatchObject({
      "content-type": "application/octet-stream",
      "content-disposition": 'attachment; filename="a.txt"',
      "x-content-type-options": "nosniff",
      "content-length": "10",
    });
    expect(file.headers.get("content-security-policy")).toContain("sandbox");
    expect((await get(`${files}/content`)).status).toBe(400);
    expect((await get(`${files}?limit=1001`)).status).toBe(400);
    expect((await get(`/v1/tasks/${id}/checkpoints/-1/files`)).status).toBe(400);
    expect((await get(`/v1/tasks/${id}/checkpoints/2/files`)).status).toBe(404);
  });

  it("are listed, and one is asked for under a label or without", async () => {
    expect((await get(`/v1/tasks/${id}/checkpoints`)).body).toMatchObject({ checkpoints: [{ number: 1 }] });
    const ask = (body: object) => api.ask("POST", `/v1/tasks/${id}/checkpoints`, { body });
    expect((await ask({ label: "before" })).status).toBe(202);
    expect((await ask({})).status).toBe(202);
    expect((await ask({ label: "a\nb" })).status).toBe(400);
  });
});
