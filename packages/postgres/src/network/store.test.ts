import { randomUUID } from "node:crypto";
import type { AuditRow, NetworkSettings, NetworkStore } from "@agency/core";
import { createTestDatabase } from "@agency/testing";
import type { TestDatabase } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuditLog } from "../audit/log.ts";
import { createBus } from "../bus.ts";
import { openDatabase } from "../database.ts";
import type { Database } from "../database.ts";
import { createNetworkStore } from "./store.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
let home: TestDatabase;
let db: Database;
let store: NetworkStore;

beforeAll(async () => {
  home = await createTestDatabase();
  db = openDatabase({ connectionString: home.connectionString, max: 4 });
  store = createNetworkStore(db);
});
afterAll(async () => {
  await db.close();
  await home.drop();
});

async function newAccount(): Promise<string> {
  const id = randomUUID();
  await db.query("insert into accounts (id, name) values ($1, $2)", [id, id]);
  return id;
}

const entry = (accountId: string): AuditRow => ({
  id: randomUUID(),
  accountId,
  actor: "key 1",
  action: "network.set",
  target: "account",
  detail: { closed: "a.example" },
  at: 1_000,
});
const withList = (settings: NetworkSettings, name: string, hosts: string[]): NetworkSettings => ({
  ...settings,
  lists: new Map([...settings.lists, [name, hosts]]),
});

describe("the network settings of an account", () => {
  it("are empty until something is set, then what was set, with its entry in the audit log", async () => {
    const account = await newAccount();
    expect(await store.read(account)).toEqual({ lists: new Map(), closed: [], defaultNetwork: null });
    const settings: NetworkSettings = {
      lists: new Map([
        ["constructor", ["a.example", "dev"]],
        ["ours", ["*.b.example:8443"]],
      ]),
      closed: ["bad.example", "[2001:db8::1]"],
      defaultNetwork: { allow: ["dev", "ours"] },
    };
    await store.change(account, () => ({ settings, audit: entry(account) }));
    expect(await store.read(account)).toEqual(settings);
    const { entries } = await createAuditLog(db).list(account, { cursor: null, limit: 10 });
    expect(entries).toMatchObject([{ action: "network.set", detail: { closed: "a.example" } }]);
    expect((await store.read(await newAccount())).closed).toEqual([]);
  });

  it("give a connection what is closed and the lists it names, as far as they are there", async () => {
    const account = await newAccount();
    const settings = {
      lists: new Map([
        ["ours", ["a.example"]],
        ["theirs", ["b.example"]],
      ]),
      closed: ["c.example"],
      defaultNetwork: null,
    };
    await store.change(account, () => ({ settings, audit: entry(account) }));
    expect(await store.rulesOf(account, ["dev", "ours", "gone"])).toMatchObject({
      lists: new Map([["ours", ["a.example"]]]),
      closed: ["c.example"],
    });
    expect(await store.rulesOf(account, [])).toMatchObject({ lists: new Map(), closed: ["c.example"] });
  });

  it("lose nothing when two change them at once", async () => {
    const account = await newAccount();
    const names = Array.from({ length: 8 }, (_, at) => `list-${at}`);
    await Promise.all(
      names.map((name) =>
        store.change(account, (now) => ({
          settings: withList(now, name, ["a.example"]),
          audit: entry(account),
        })),
      ),
    );
    expect([...(await store.read(account)).lists.keys()]).toEqual(names);
  });

  it("stay as they are when the change is refused, or none", async () => {
    const account = await newAccount();
    const refuse = () => {
      throw new Error("no");
    };
    await expect(store.change(account, refuse)).rejects.toThrow("no");
    await store.change(account, (now) => ({ settings: withList(now, "x", ["a.example"]), audit: null }));
    expect((await store.read(account)).lists.size).toBe(0);
    expect((await createAuditLog(db).list(account, { cursor: null, limit: 1 })).entries).toEqual([]);
  });

  it("are told to every server once they are there to be read", async () => {
    const account = await newAccount();
    const clock = {
      now: () => 0,
      sleep: (_: number, signal?: AbortSignal) =>
        new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve())),
    };
    const bus = createBus({ connectionString: home.connectionString, clock, logger: quiet });
    await bus.ready;
    const heard = new Promise<NetworkSettings>((resolve) => {
      bus.subscribe("net", (id) => void store.read(id).then(resolve));
    });
    await store.change(account, (now) => ({
      settings: { ...now, closed: ["bad.example"] },
      audit: entry(account),
    }));
    expect((await heard).closed).toEqual(["bad.example"]);
    await bus.close();
  });
});
