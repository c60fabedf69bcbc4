import { existsSync, watch } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "@agency/postgres";
import type { Database } from "@agency/postgres";
import { createScriptedModel } from "@agency/scripted-model";
import type { ScriptedModel, ScriptSource } from "@agency/scripted-model";
import { createTestDatabase, startGitHost, startS3Server } from "@agency/testing";
import { Agency } from "../agency.ts";
import { makeRepository } from "../git-repository.ts";
import { startHeldProxy } from "../held-proxy.ts";
import type { HeldProxy } from "../held-proxy.ts";
import { makeHome } from "../home.ts";
import { PLAIN, PREPARED } from "./story.ts";

const KEY = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz-LOST";
const AT_ONCE = 12;

/** A server and its surroundings: each of them can be made to stand still, and the server to be killed. */
export class Stage implements AsyncDisposable {
  readonly model: ScriptedModel;
  readonly git: HeldProxy;
  readonly storage: HeldProxy;
  readonly db: Database;
  readonly home: string;
  readonly folder: string;
  #agency: Agency;
  readonly #env: Record<string, string>;
  readonly #closers: AsyncDisposableStack;

  private constructor(parts: {
    model: ScriptedModel;
    git: HeldProxy;
    storage: HeldProxy;
    db: Database;
    home: string;
    folder: string;
    agency: Agency;
    env: Record<string, string>;
    closers: AsyncDisposableStack;
  }) {
    this.model = parts.model;
    this.git = parts.git;
    this.storage = parts.storage;
    this.db = parts.db;
    this.home = parts.home;
    this.folder = parts.folder;
    this.#agency = parts.agency;
    this.#env = parts.env;
    this.#closers = parts.closers;
  }

  static async open(scripts: Record<string, ScriptSource>): Promise<Stage> {
    const closers = new AsyncDisposableStack();
    const model = createScriptedModel({ apiKey: KEY, keepBodies: true, keep: 5000, scripts });
    const listening = await model.listen();
    closers.defer(() => listening.close());
    const folder = await mkdtemp(join(tmpdir(), "agency-lost-git-"));
    closers.defer(() => rm(folder, { recursive: true, force: true }));
    await makeRepository(join(folder, "open", "plain.git"), PLAIN);
    await makeRepository(join(folder, "open", "prepared.git"), PREPARED);
    const host = closers.use(await startGitHost(folder));
    const git = closers.use(await startHeldProxy(host.origin));
    const s3 = await startS3Server();
    closers.defer(() => s3.close());
    const storage = closers.use(await startHeldProxy(s3.endpoint));
    const database = await createTestDatabase();
    closers.defer(() => database.drop());
    const db = openDatabase({ connectionString: database.connectionString, max: 2 });
    closers.defer(() => db.close());
    const home = await makeHome();
    closers.defer(() => rm(home, { recursive: true, force: true }));
    const env = {
      DATABASE_URL: database.connectionString,
      ANTHROPIC_BASE_URL: listening.url,
      ANTHROPIC_API_KEY: KEY,
      AGENCY_STORAGE: `s3://agency?endpoint=${storage.origin}`,
      AWS_ACCESS_KEY_ID: s3.account.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.account.secretAccessKey,
      AGENCY_INTERNAL_HOSTS: git.host,
      AGENCY_MAX_RUNNING: String(AT_ONCE),
      // A mirror would be asked before there is a sandbox: what is held here is what the runner itself asks.
      AGENCY_MIRROR_BYTES: "0",
    };
    const agency = await Agency.start({ home, env });
    await agency.client.setSecret(`GIT_TOKEN@${git.host}`, { value: "agency:host-secret" });
    return new Stage({ model, git, storage, db, home, folder, agency, env, closers });
  }

  get agency(): Agency {
    return this.#agency;
  }

  /** As a crash of the machine's process, followed by somebody who starts it again. */
  async killServer(): Promise<void> {
    await this.#agency.kill();
  }

  async startServer(): Promise<void> {
    this.#agency = await Agency.start({ home: this.home, env: this.#env });
  }

  /** A repository of the story's own, so that its requests can be told from those of others. */
  async repository(name: string, kind: "plain" | "prepared"): Promise<string> {
    await cp(join(this.folder, "open", `${kind}.git`), join(this.folder, "open", `${name}.git`), {
      recursive: true,
    });
    return `${this.git.origin}/open/${name}.git`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#agency.clear();
    } finally {
      await this.#agency.stop();
      await this.#closers[Symbol.asyncDispose]();
    }
  }
}

/** Resolves when the file is there. */
export async function appeared(folder: string, name: string): Promise<void> {
  const seen = Promise.withResolvers<void>();
  const watcher = watch(folder, () => existsSync(join(folder, name)) && seen.resolve());
  if (existsSync(join(folder, name))) seen.resolve();
  await seen.promise;
  watcher.close();
}

export function letGo(home: string): Promise<void> {
  return writeFile(join(home, "go"), "");
}
