import { CSRF_HEADER, meSchema } from "@agency/contract";
import type { Me } from "@agency/contract";
import { createApiKeys, createPasswords, createSignIn } from "@agency/control";
import type { SignIn } from "@agency/control";
import type { Clock } from "@agency/core";
import {
  createApiKeyStore,
  createAuditLog,
  createPairingStore,
  createSessionStore,
  createWayInStore,
  DEFAULT_ACCOUNT_ID,
  openDatabase,
} from "@agency/postgres";
import type { Database } from "@agency/postgres";
import { createTestDatabase } from "@agency/testing";
import { createTestApi } from "./test-api.ts";
import type { Answer, TestApi } from "./test-api.ts";

const PEPPER = new Uint8Array(32).fill(7);
const HOST = "localhost:7717";
/** Cheap: what it costs in earnest is the product's business. */
const COST = { N: 1024, r: 8, p: 1 };

export interface SignInGround {
  db: Database;
  clock: Clock & { set: (now: number) => void; pass: (ms: number) => void };
  key: { authorization: string };
  /** A server on the same database, as after a restart. */
  server(): { api: TestApi; signIn: SignIn };
  audited(): Promise<string[]>;
  close(): Promise<void>;
}

/** The real thing on a real database; only time is the test's, and sleeps are short. */
export async function createSignInGround(): Promise<SignInGround> {
  const home = await createTestDatabase();
  const db = openDatabase({ connectionString: home.connectionString, max: 4 });
  let now = Date.now();
  const clock = {
    now: () => now,
    sleep: () => new Promise<void>((resolve) => setImmediate(resolve)),
    set: (at: number) => void (now = at),
    pass: (ms: number) => void (now += ms),
  };
  const store = createApiKeyStore(db);
  const audit = createAuditLog(db);
  const keys = createApiKeys({ store, pepper: PEPPER, now: clock.now });
  const key = await keys.create(DEFAULT_ACCOUNT_ID, "test", now);
  return {
    db,
    clock,
    key: { authorization: `Bearer ${key}` },
    server() {
      const signIn = createSignIn({
        sessions: createSessionStore(db),
        pairings: createPairingStore(db),
        ways: createWayInStore(db),
        apiKeys: store,
        keys,
        audit,
        passwords: createPasswords(COST),
        pepper: PEPPER,
        clock,
        accountId: DEFAULT_ACCOUNT_ID,
      });
      const hosts = { listen: "127.0.0.1", allowed: [HOST] };
      return { signIn, api: createTestApi({ signIn, apiKeys: keys, hosts, clock }) };
    },
    async audited() {
      const { entries } = await audit.list(DEFAULT_ACCOUNT_ID, { cursor: null, limit: 100 });
      return entries.map(({ action }) => action).toReversed();
    },
    async close() {
      await db.close();
      await home.drop();
    },
  };
}

export interface Browser {
  cookie: string | null;
  post(path: string, body?: object): Promise<Answer>;
  get(path: string): Promise<Answer>;
  send(method: string, path: string, body?: object): Promise<Answer>;
  me(): Promise<Me>;
}

/** Keeps its cookie and sends what our page sends. */
export function browserOf(api: TestApi): Browser {
  let csrf = "sign-in";
  const browser: Browser = {
    cookie: null,
    post: (path, body) => browser.send("POST", path, body),
    get: (path) => browser.send("GET", path),
    async send(method, path, body) {
      const headers = {
        host: HOST,
        origin: `http://${HOST}`,
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        [CSRF_HEADER]: csrf,
        ...(browser.cookie === null ? {} : { cookie: browser.cookie }),
      };
      const answer = await api.ask(method, path, { headers, ...(body === undefined ? {} : { body }) });
      const set = answer.headers.get("set-cookie");
      if (set !== null) browser.cookie = set.includes("Max-Age=0") ? null : (set.split(";")[0] ?? null);
      const me = meSchema.safeParse(answer.body);
      if (me.success && me.data.csrf !== null) csrf = me.data.csrf.token;
      return answer;
    },
    me: async () => meSchema.parse((await browser.get("/v1/me")).body),
  };
  return browser;
}
