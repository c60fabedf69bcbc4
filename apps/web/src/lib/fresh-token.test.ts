import { CSRF_HEADER } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { withFreshToken } from "./fresh-token.ts";

/** A server whose token is `right`; the page believes in `page`, and is told `renewed` when it asks. */
function scene(page: string | null, right: string, renewed: string | null = right) {
  const sent: unknown[] = [];
  const asked = { times: 0 };
  const send = withFreshToken(
    async (_input, init) => {
      const token = new Headers(init?.headers).get(CSRF_HEADER);
      sent.push([init?.method, token, init?.body]);
      return new Response(null, { status: token === right ? 200 : 403 });
    },
    () => page,
    async () => {
      asked.times += 1;
      return renewed;
    },
  );
  const change = async (token = page) => {
    const headers = token === null ? {} : { [CSRF_HEADER]: token };
    return (await send("/v1/tasks", { method: "POST", body: "{}", headers })).status;
  };
  return { sent, asked, change };
}

describe("a call with a token that has gone stale", () => {
  it("is sent once more with the token of now", async () => {
    const { sent, change } = scene("old", "new");
    expect(await change()).toBe(200);
    expect(sent).toEqual([
      ["POST", "old", "{}"],
      ["POST", "new", "{}"],
    ]);
  });

  it.each([
    ["the token was the right one", "same", "same"],
    ["nobody is signed in any more", "old", null],
  ])("stays refused when %s", async (_, page, renewed) => {
    const { sent, change } = scene(page, "other", renewed);
    expect(await change()).toBe(403);
    expect(sent).toHaveLength(1);
  });

  it("is sent twice at most", async () => {
    const { sent, asked, change } = scene("old", "right", "also old");
    expect(await change()).toBe(403);
    expect([sent.length, asked.times]).toEqual([2, 1]);
  });

  it("asks for nothing when the call carried no token of a session, as a sign-in does", async () => {
    const { asked, change } = scene("old", "new");
    expect(await change("sign-in")).toBe(403);
    expect(asked.times).toBe(0);
  });
});
