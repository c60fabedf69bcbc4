import { deviceListSchema, pairingSchema, signInLinkSchema, startedPairingSchema } from "@agency/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { browserOf, createSignInGround } from "./testing/real-sign-in.ts";
import type { Browser, SignInGround } from "./testing/real-sign-in.ts";
import type { TestApi } from "./testing/test-api.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
let ground: SignInGround;
let api: TestApi;

beforeEach(async () => {
  ground = await createSignInGround();
  ({ api } = ground.server());
});
afterEach(() => ground.close());

const host = { host: "localhost:7717" };
const asKey = (method: string, path: string, body?: object) =>
  api.ask(method, path, { headers: { ...host, ...ground.key }, ...(body === undefined ? {} : { body }) });

async function freshLink(): Promise<string> {
  const answer = await asKey("POST", "/v1/sign-in-links");
  const { token, path } = signInLinkSchema.parse(answer.body);
  expect(path).toBe(`/sign-in#link=${token}`);
  return token;
}

async function signedIn(on: TestApi = api): Promise<Browser> {
  const browser = browserOf(on);
  expect((await browser.post("/v1/sign-in/link", { token: await freshLink() })).status).toBe(200);
  return browser;
}

describe("a one-time link", () => {
  it("signs one browser in, once", async () => {
    const token = await freshLink();
    const [first, second] = [browserOf(api), browserOf(api)];
    const answers = await Promise.all(
      [first, second].map((browser) => browser.post("/v1/sign-in/link", { token })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401]);
    const browser = first.cookie === null ? second : first;
    expect((await browser.me()).by).toMatchObject({ kind: "session", method: "link" });
    expect((await browser.post("/v1/sign-in/link", { token })).status).toBe(401);
    expect(await ground.audited()).toContain("session.refused");
  });

  it("is no good after ten minutes", async () => {
    const token = await freshLink();
    ground.clock.pass(10 * MINUTE);
    expect((await browserOf(api).post("/v1/sign-in/link", { token })).status).toBe(401);
  });

  it("opens whatever was tried before it, of which the log shows a little", async () => {
    const guess = () => browserOf(api).post("/v1/sign-in/link", { token: "x".repeat(43) });
    const answers = [];
    for (let n = 0; n < 21; n += 1) answers.push((await guess()).status);
    expect(answers).toEqual([...Array.from({ length: 20 }, () => 401), 429]);
    await signedIn();
    const refused = (await ground.audited()).filter((action) => action === "session.refused");
    expect(refused).toHaveLength(5);
  });

  it("leaves nothing in the database that opens anything", async () => {
    const browser = await signedIn();
    const token = await freshLink();
    const { rows } = await ground.db.query<{ all: string }>(
      `select (select json_agg(s)::text from browser_sessions s) || (select json_agg(l)::text from sign_in_links l)
         || (select json_agg(a)::text from audit_log a) as all`,
    );
    const secret = browser.cookie?.split("_").at(-1) ?? "none";
    expect(rows[0]?.all).not.toContain(token);
    expect(rows[0]?.all).not.toContain(secret);
  });
});

describe("a session", () => {
  it("never goes on with a token that was there before sign-in", async () => {
    const attacker = await signedIn();
    const planted = attacker.cookie;
    const victim = browserOf(api);
    victim.cookie = planted;
    await victim.post("/v1/sign-in/link", { token: await freshLink() });
    expect(victim.cookie).not.toBe(planted);
    const [one, other] = [await attacker.me(), await victim.me()];
    expect(one.by).not.toEqual(other.by);
  });

  it("ends unused after a week, and used after thirty days", async () => {
    const idle = await signedIn();
    ground.clock.pass(7 * 24 * HOUR);
    expect((await idle.get("/v1/me")).status).toBe(401);
    const busy = await signedIn();
    for (let day = 0; day < 29; day += 1) {
      ground.clock.pass(24 * HOUR);
      expect((await busy.get("/v1/me")).status).toBe(200);
    }
    ground.clock.pass(24 * HOUR);
    expect((await busy.get("/v1/me")).status).toBe(401);
  });

  it("gets a new token every hour, which requests beside it survive", async () => {
    const browser = await signedIn();
    const old = browser.cookie;
    ground.clock.pass(HOUR);
    const beside = browserOf(api);
    beside.cookie = old;
    await browser.get("/v1/me");
    expect(browser.cookie).not.toBe(old);
    expect((await beside.get("/v1/me")).status).toBe(200);
    expect(beside.cookie).toBe(old);
    expect((await browser.get("/v1/me")).status).toBe(200);
  });

  it("survives that the answer with the new token was lost", async () => {
    const browser = await signedIn();
    const old = browser.cookie;
    ground.clock.pass(HOUR);
    await browser.get("/v1/me");
    browser.cookie = old;
    ground.clock.pass(2 * MINUTE);
    expect((await browser.get("/v1/me")).status).toBe(200);
    expect(browser.cookie).not.toBe(old);
  });

  it("ends for everybody when a token that was replaced comes back", async () => {
    const browser = await signedIn();
    const copy = browserOf(api);
    copy.cookie = browser.cookie;
    ground.clock.pass(HOUR);
    await browser.get("/v1/me");
    await browser.get("/v1/me");
    ground.clock.pass(2 * MINUTE);
    expect((await copy.get("/v1/me")).status).toBe(401);
    expect((await browser.get("/v1/me")).status).toBe(401);
    expect(await ground.audited()).toContain("session.stolen");
  });

  it("is over after signing out, also for a copy of its cookie", async () => {
    const browser = await signedIn();
    const copy = browserOf(api);
    copy.cookie = browser.cookie;
    expect((await browser.me()).csrf).not.toBeNull();
    expect((await browser.post("/v1/sign-out")).status).toBe(204);
    expect(browser.cookie).toBeNull();
    expect((await copy.get("/v1/me")).status).toBe(401);
  });

  it("is listed as a device and can be revoked from another one", async () => {
    const here = await signedIn();
    ground.clock.pass(1);
    const there = await signedIn();
    const { devices } = deviceListSchema.parse((await here.get("/v1/devices")).body);
    expect(devices.map(({ name, current }) => [name, current])).toEqual([
      ["Firefox on Linux", false],
      ["Firefox on Linux", true],
    ]);
    const other = devices.find(({ current }) => !current);
    expect((await here.send("DELETE", `/v1/devices/${other?.id}`)).status).toBe(204);
    expect((await there.get("/v1/me")).status).toBe(401);
    expect((await here.send("DELETE", `/v1/devices/${other?.id}`)).status).toBe(404);
    expect(await ground.audited()).toContain("device.revoke");
  });
});

describe("a password", () => {
  const password = "correct horse battery";

  it("signs in once it is set, and not with another one", async () => {
    const browser = browserOf(api);
    expect((await browser.post("/v1/sign-in/password", { password })).status).toBe(401);
    await asKey("PUT", "/v1/password", { password });
    expect((await browser.post("/v1/sign-in/password", { password: "wrong horse" })).status).toBe(401);
    expect((await browser.post("/v1/sign-in/password", { password })).status).toBe(200);
    expect((await browser.me()).by).toMatchObject({ method: "password" });
  });

  it("is changed by a browser only with the present one, and then signs out who came by it", async () => {
    await asKey("PUT", "/v1/password", { password });
    const browser = await signedIn();
    const next = "another horse battery";
    expect((await browser.send("PUT", "/v1/password", { password: next })).status).toBe(403);
    const wrong = { password: next, current: "wrong" };
    expect((await browser.send("PUT", "/v1/password", wrong)).status).toBe(403);
    const byPassword = browserOf(api);
    await byPassword.post("/v1/sign-in/password", { password });
    const right = { password: next, current: password };
    expect((await browser.send("PUT", "/v1/password", right)).status).toBe(204);
    expect((await byPassword.get("/v1/me")).status).toBe(401);
    expect((await browser.get("/v1/me")).status).toBe(200);
  });

  it("is taken however many were tried from elsewhere, only later", async () => {
    await asKey("PUT", "/v1/password", { password });
    const { signIn } = ground.server();
    const slept: number[] = [];
    const { sleep } = ground.clock;
    ground.clock.sleep = (ms) => (slept.push(ms), sleep(ms));
    const visit = (n: number) => ({ address: `192.0.2.${n}`, userAgent: "" });
    for (let n = 0; n < 103; n += 1)
      await expect(signIn.byPassword({ password: "wrong" }, visit(n))).rejects.toMatchObject({
        code: "unauthenticated",
      });
    expect(slept).toEqual([20, 40, 60]);
    await expect(signIn.byPassword({ password }, visit(200))).resolves.toBeDefined();
  });

  it("cannot be tried for ever, not even across a restart; the right one is refused then, too", async () => {
    await asKey("PUT", "/v1/password", { password });
    const guess = (on: TestApi, given: string) =>
      browserOf(on).post("/v1/sign-in/password", { password: given });
    for (let n = 0; n < 6; n += 1) expect((await guess(api, "wrong")).status).toBe(401);
    const restarted = ground.server().api;
    for (let n = 0; n < 4; n += 1) expect((await guess(restarted, "wrong")).status).toBe(401);
    const refused = await guess(restarted, password);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3000);
    ground.clock.pass(HOUR);
    expect((await guess(restarted, password)).status).toBe(200);
  });
});

/** As many as have room, of one tenant's networks. */
async function crowd({ db, clock }: SignInGround, count = 200): Promise<void> {
  await db.query(
    `insert into pairing_requests (id, code_hmac, secret_hmac, name, address, requested_at, expires_at)
     select gen_random_uuid(), sha256(n::text::bytea), '', 'x', '2001:db8:7:' || n || '::1', now(), $1
     from generate_series(1, $2) n`,
    [new Date(clock.now() + 10 * MINUTE), count],
  );
}

describe("pairing", () => {
  const start = async (device: Browser, body: object = {}) =>
    startedPairingSchema.parse((await device.post("/v1/pairing", body)).body);
  const claim = (device: Browser, { id, secret }: { id: string; secret: string }) =>
    device.post("/v1/pairing/claim", { id, secret });

  it("lets a device in that somebody who is signed in said yes to, once", async () => {
    const [person, device] = [await signedIn(), browserOf(api)];
    const asked = await start(device);
    expect(asked.code).toMatch(/^[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}$/);
    const typed = asked.code.toLowerCase().replace("-", " ");
    const found = pairingSchema.parse((await person.post("/v1/pairing/find", { code: typed })).body);
    expect(found.deviceName).toBe("Firefox on Linux");
    const decision = { code: asked.code, accept: true };
    expect((await person.post("/v1/pairing/decide", decision)).status).toBe(200);
    expect((await person.post("/v1/pairing/decide", decision)).status).toBe(404);
    const copy = browserOf(api);
    expect((await claim(device, asked)).status).toBe(200);
    expect((await device.me()).by).toMatchObject({ kind: "session", method: "pairing" });
    expect((await claim(copy, asked)).body).toEqual({ state: "expired" });
    expect(await ground.audited()).toEqual(expect.arrayContaining(["pairing.ask", "pairing.accept"]));
  });

  it("keeps what was accepted for a device whose connection is gone", async () => {
    const [person, device] = [await signedIn(), browserOf(api)];
    const asked = await start(device);
    await person.post("/v1/pairing/decide", { code: asked.code, accept: true });
    const { signIn } = ground.server();
    const visitor = { address: "", userAgent: "" };
    const gone = await signIn.claimPairing(asked, visitor, AbortSignal.abort());
    expect(gone).toEqual({ state: "waiting" });
    expect((await claim(device, asked)).status).toBe(200);
  });

  it("tells a device that it was refused, or that it waited too long", async () => {
    const [person, device] = [await signedIn(), browserOf(api)];
    const refused = await start(device);
    await person.post("/v1/pairing/decide", { code: refused.code, accept: false });
    expect((await claim(device, refused)).body).toEqual({ state: "refused" });
    const late = await start(device);
    ground.clock.pass(10 * MINUTE);
    expect((await person.post("/v1/pairing/decide", { code: late.code, accept: true })).status).toBe(404);
    expect((await claim(device, late)).body).toEqual({ state: "expired" });
  });

  it("takes five wrong codes, also across a restart, and then not even the right one", async () => {
    const person = await signedIn();
    const { code } = await start(browserOf(api));
    const restarted = ground.server().api;
    for (let n = 0; n < 5; n += 1) {
      const on = n < 3 ? api : restarted;
      const answer = await on.ask("POST", "/v1/pairing/find", {
        headers: { ...host, ...ground.key },
        body: { code: "2222-2222" },
      });
      expect(answer.status).toBe(404);
    }
    const refused = await person.post("/v1/pairing/decide", { code, accept: true });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("is gone after five claims with a wrong secret", async () => {
    const [person, device] = [await signedIn(), browserOf(api)];
    const asked = await start(device);
    await person.post("/v1/pairing/decide", { code: asked.code, accept: true });
    const wrong = { id: asked.id, secret: "x".repeat(43) };
    for (let n = 0; n < 5; n += 1)
      expect((await claim(browserOf(api), wrong)).body).toEqual({ state: "expired" });
    expect((await claim(device, asked)).body).toEqual({ state: "expired" });
  });

  it("shows no control characters and takes none", async () => {
    const answer = await browserOf(api).post("/v1/pairing", { deviceName: "me\u202Eevil" });
    expect(answer.status).toBe(400);
  });

  it("asked for too often from one address is refused", async () => {
    const device = browserOf(api);
    for (let n = 0; n < 10; n += 1) await start(device);
    expect((await device.post("/v1/pairing", {})).status).toBe(429);
  });

  it("leaves little in the log of many strangers that ask, and of who is let in everything", async () => {
    const person = await signedIn();
    const { signIn } = ground.server();
    const ask = (address: string) => signIn.startPairing({}, { address, userAgent: "" });
    const noted = async (action: string) => (await ground.audited()).filter((one) => one === action).length;
    for (let n = 0; n < 8; n += 1) await ask(`2001:db8:7:${n}::1`);
    expect(await noted("pairing.ask")).toBe(5);
    await person.post("/v1/pairing/decide", { code: (await ask("2001:db8:7:9::1")).code, accept: true });
    expect([await noted("pairing.ask"), await noted("pairing.accept")]).toEqual([5, 1]);
    ground.clock.pass(HOUR);
    await ask("2001:db8:7:9::1");
    expect(await noted("pairing.ask")).toBe(6);
    for (let n = 0; n < 120; n += 1) await ask(`2001:db8:${n}::1`);
    expect((await ground.db.query("select 1 from audit_log where action = 'pairing.ask'")).rowCount).toBe(
      105,
    );
  });

  it("leaves nothing in the log of who asks while others have to give way for it", async () => {
    await crowd(ground);
    const { signIn } = ground.server();
    await signIn.startPairing({}, { address: "198.51.100.1", userAgent: "" });
    expect(await ground.audited()).not.toContain("pairing.ask");
  });

  it("keeps nobody out, however many strangers ask: they push out their own", async () => {
    const [person, device] = [await signedIn(), browserOf(api)];
    const asked = await start(device);
    await crowd(ground, 199);
    const { signIn } = ground.server();
    for (let n = 0; n < 20; n += 1)
      await signIn.startPairing({}, { address: `198.51.100.${n}`, userAgent: "" });
    const late = browserOf(api);
    const askedLate = await start(late);
    const { rows } = await ground.db.query("select 1 from pairing_requests");
    expect(rows).toHaveLength(200);
    for (const [who, { code, ...claimed }] of [
      [device, asked],
      [late, askedLate],
    ] as const) {
      expect((await person.post("/v1/pairing/decide", { code, accept: true })).status).toBe(200);
      expect((await claim(who, claimed)).status).toBe(200);
    }
  });
});

describe("an API key", () => {
  it("is made, listed without its secret, and opens nothing once revoked", async () => {
    const browser = await signedIn();
    const made = (await browser.post("/v1/keys", { name: "a robot" })).body as { id: string; key: string };
    const headers = { ...host, authorization: `Bearer ${made.key}` };
    expect((await api.ask("GET", "/v1/me", { headers })).status).toBe(200);
    const list = await browser.get("/v1/keys");
    expect(list.text).not.toContain(made.key.split("_").at(-1));
    expect((await browser.send("DELETE", `/v1/keys/${made.id}`)).status).toBe(204);
    expect((await api.ask("GET", "/v1/me", { headers })).status).toBe(401);
  });

  it("takes along what it holds open when it is revoked, also by another server", async () => {
    const { signIn } = ground.server();
    const { body } = await asKey("POST", "/v1/keys", { name: "a robot" });
    const { id } = body as { id: string };
    const [kept, watched] = [await signedIn(), signIn.watch({ accountId: "mine", keyId: id })];
    const ended = new Promise((resolve) => watched.signal.addEventListener("abort", resolve));
    expect((await kept.send("DELETE", `/v1/keys/${id}`)).status).toBe(204);
    await ended;
    watched.close();
  });
});
