import { describe, expect, it } from "vitest";
import { startUpstream } from "../testing/loopback-upstream.ts";
import { carryObject } from "./lfs-object-route.ts";
import { startTransfer } from "./transfer.ts";
import type { GitTransfer } from "./transfer.ts";

const OID = "a".repeat(64);

describe("an LFS object", () => {
  it.each([
    ["upload", "PUT", 204],
    ["verify", "POST", 204],
    ["upload", "PUT", 205],
  ] as const)("is taken by a host that answers %s without a word", async (kind, method, status) => {
    await using host = await startUpstream((response) => response.writeHead(status).end());
    const reports: GitTransfer[] = [];
    const url = new URL(`${host.url}/there`);
    const repository = `${host.url}/a/b`;
    const transfer = startTransfer({
      fence: { watch: () => ({ signal: new AbortController().signal, release() {} }) },
      report: (_caller, one) => reports.push(one),
      caller: { taskId: "a", accountId: "anna", epoch: 1 },
      client: new AbortController().signal,
      subject: { host: url.host, repository, action: "lfs" },
      isQuestion: false,
      over: () => undefined,
    });
    const object = { kind, url, headers: {}, repository, oid: OID, size: 2, expiresAt: Infinity };
    const init = { method, body: "hi", headers: { "content-length": "2" } };
    const request = new Request("http://x/", init);
    const answer = await carryObject(request, transfer, object, [url.host]);
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect(reports).toMatchObject([{ verdict: "allowed", bytesOut: kind === "upload" ? 2 : 0 }]);
  });
});
