import { CSRF_HEADER } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { ANNAS_CSRF, ANNAS_SESSION } from "../testing/memory-sign-in.ts";
import { codeOf, createTestApi } from "../testing/test-api.ts";

const api = createTestApi();
const cookie = `agency-80=${ANNAS_SESSION}`;
const own = { cookie, origin: "http://agency.test", [CSRF_HEADER]: ANNAS_CSRF };
const post = (headers: Record<string, string>) =>
  api.ask("POST", "/v1/tasks", { headers, body: { prompt: "x" } });

describe("a request with the cookie of a signed-in browser", () => {
  it("reads with the cookie alone", async () => {
    expect((await api.ask("GET", "/v1/tasks", { headers: { cookie } })).status).toBe(200);
  });

  it("changes something from our own page", async () => {
    expect((await post(own)).status).toBe(201);
    const { origin: _, ...rest } = own;
    expect((await post({ ...rest, "sec-fetch-site": "same-origin" })).status).toBe(201);
  });

  const { [CSRF_HEADER]: _token, ...noHeader } = own;
  const { origin: _origin, ...noOrigin } = own;
  it.each<[string, Record<string, string>]>([
    ["without the header", noHeader],
    ["with a wrong token", { ...own, [CSRF_HEADER]: "csrf-of-bert" }],
    ["with an empty token", { ...own, [CSRF_HEADER]: "" }],
    ["with a longer token", { ...own, [CSRF_HEADER]: `${ANNAS_CSRF}x` }],
    ["that does not say where it comes from", noOrigin],
    ["typed into the address bar", { ...noOrigin, "sec-fetch-site": "none" }],
    ["from another site", { ...own, origin: "http://evil.example" }],
    ["from another port of this host", { ...own, origin: "http://agency.test:8080" }],
    ["from a sandboxed page", { ...own, origin: "null" }],
    ["that a browser calls cross-site", { ...own, "sec-fetch-site": "cross-site" }],
    ["that a browser calls same-site", { ...own, "sec-fetch-site": "same-site" }],
  ])("changes nothing %s", async (_, headers) => {
    const answer = await post(headers);
    expect([answer.status, codeOf(answer)]).toEqual([403, "forbidden"]);
  });

  it("gets nowhere under a name that was rebound to this machine", async () => {
    const answer = await api.ask("GET", "/v1/tasks", { headers: { ...own, host: "evil.example" } });
    expect(answer.status).toBe(421);
  });

  it("is nobody's with a token that is unknown, or with two", async () => {
    for (const bad of ["agency-80=nonsense", "agency-80=", `${cookie}; agency-80=x`, "agency-81=x"])
      expect((await api.ask("GET", "/v1/tasks", { headers: { cookie: bad } })).status).toBe(401);
  });

  it("is the key's, and needs no token, when it brings a key", async () => {
    const headers = { cookie, authorization: "Bearer key-of-bert" };
    expect((await post(headers)).status).toBe(201);
    expect((await post({ cookie: own.cookie, authorization: "Bearer nonsense" })).status).toBe(401);
  });
});

describe("signing in", () => {
  it("needs the header that a foreign form cannot send, and JSON", async () => {
    const local = createTestApi({ hosts: { listen: "127.0.0.1", allowed: ["localhost"] } });
    const body = { token: "a-token-that-is-long-enough" };
    const headers = { host: "localhost" };
    expect((await local.ask("POST", "/v1/sign-in/link", { headers, body })).status).toBe(403);
    const own = { ...headers, [CSRF_HEADER]: "sign-in" };
    const good = await local.ask("POST", "/v1/sign-in/link", { headers: own, body });
    expect(good.status).toBe(200);
    expect(good.headers.get("set-cookie")).toMatch(
      /^agency-80=session-of-anna; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const form = { ...own, "content-type": "text/plain" };
    expect((await local.ask("POST", "/v1/sign-in/link", { headers: form, body })).status).toBe(415);
  });

  it("is refused over plain http from another machine", async () => {
    const headers = { [CSRF_HEADER]: "sign-in" };
    const body = { token: "a-token-that-is-long-enough" };
    const answer = await api.ask("POST", "/v1/sign-in/link", { headers, body });
    expect(answer.status).toBe(403);
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect((await api.ask("GET", "/v1/sign-in", { headers: {} })).body).toMatchObject({ allowed: false });
  });
});
