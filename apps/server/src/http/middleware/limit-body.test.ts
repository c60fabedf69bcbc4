import { AgencyError, isAgencyError } from "@agency/contract";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { limitBody } from "./limit-body.ts";

const app = new Hono();
app.use(limitBody(10));
app.post("/", async (c) => c.text(await c.req.text()));
app.onError((error, c) => c.text(isAgencyError(error) ? error.code : "?", 413));

const post = async (body: RequestInit["body"], headers: Record<string, string> = {}) => {
  const init: RequestInit & { duplex: "half" } = { method: "POST", headers, duplex: "half" };
  if (body !== undefined) init.body = body;
  return (await app.request("/", init)).text();
};

const inPieces = (...pieces: string[]) =>
  ReadableStream.from(pieces.map((piece) => new TextEncoder().encode(piece)));

describe("the limit of a body", () => {
  it("lets a body of exactly that size pass", async () => {
    expect(await post("0123456789", { "content-length": "10" })).toBe("0123456789");
    expect(await post(inPieces("01234", "56789"))).toBe("0123456789");
  });

  it("refuses a declared length at once, without reading", async () => {
    const unread = new ReadableStream(
      {
        pull() {
          throw new AgencyError("internal", "somebody read the body");
        },
      },
      { highWaterMark: 0 },
    );
    expect(await post(unread, { "content-length": "11" })).toBe("payload_too_large");
  });

  it("counts a body that declares no length, or hides it behind an encoding", async () => {
    expect(await post(inPieces("01234", "567890"))).toBe("payload_too_large");
  });

  it("leaves a request without a body alone", async () => {
    expect(await post(undefined)).toBe("");
  });
});
