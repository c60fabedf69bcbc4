import { isAgencyError } from "@agency/contract";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { readText } from "./read-text.ts";

const app = new Hono();
app.post("/", async (c) => c.text(await readText(c, 10)));
app.onError((error, c) => c.text(isAgencyError(error) ? error.code : String(error), 500));

const post = async (body: RequestInit["body"], headers: Record<string, string> = {}) => {
  const init: RequestInit & { duplex: "half" } = { method: "POST", headers, duplex: "half" };
  if (body !== undefined) init.body = body;
  return (await app.request("/", init)).text();
};

const inPieces = (...pieces: Uint8Array[]) => ReadableStream.from(pieces);
const bytes = (text: string) => new TextEncoder().encode(text);

describe("a body", () => {
  it("may be exactly as long as the limit", async () => {
    expect(await post("0123456789", { "content-length": "10" })).toBe("0123456789");
    expect(await post(inPieces(bytes("01234"), bytes("56789")))).toBe("0123456789");
  });

  it("that declares to be longer is refused without a byte being read", async () => {
    const unread = new ReadableStream(
      {
        pull() {
          throw new Error("somebody read the body");
        },
      },
      { highWaterMark: 0 },
    );
    expect(await post(unread, { "content-length": "11" })).toBe("payload_too_large");
  });

  it("that declares nothing is counted", async () => {
    expect(await post(inPieces(bytes("01234"), bytes("567890")))).toBe("payload_too_large");
  });

  it("may be cut anywhere, in the middle of a character too", async () => {
    const [a, b] = [bytes("é€").subarray(0, 3), bytes("é€").subarray(3)];
    expect(await post(inPieces(a, b))).toBe("é€");
  });

  it("that breaks off is the client's fault", async () => {
    const broken = new ReadableStream({
      pull: (controller) => controller.error(new Error("connection reset")),
    });
    expect(await post(broken)).toBe("invalid_request");
  });

  it("may be missing", async () => {
    expect(await post(undefined)).toBe("");
  });
});
