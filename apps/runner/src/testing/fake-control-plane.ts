import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer, json } from "node:stream/consumers";
import {
  BLOB_HEADER,
  blobHeaderSchema,
  DEFAULT_LIMITS,
  eventBatchSchema,
  finishedSchema,
  helloSchema,
  HOLD_HEADER,
  postAskSchema,
  postCheckpointSchema,
  UPLINK_PATHS,
} from "@agency/contract";
import type {
  AskBody,
  BlobHeader,
  Bootstrap,
  EventBatch,
  Finished,
  Hello,
  PostCheckpoint,
  Restore,
  PostAsk,
  RunnerCommand,
  WorkOrder,
} from "@agency/contract";
import { createSignal } from "../process/signal.ts";

export type Route =
  | "hello"
  | "events"
  | "commands"
  | "ask"
  | "blobs"
  | "storing"
  | "checkpoints"
  | "restore"
  | "finished";

/** What a test wants instead of the ordinary answer; `lost`: done, but the answer never arrives. */
export type Answer = { status: number; body?: unknown; retryAfter?: number } | "lost" | "cut";

export interface Stored {
  n: number;
  at: string;
  type: string;
  data: unknown;
}

const TOKEN = "attempt-token-of-this-test";

/** A control plane of the fewest words that still stores gaplessly, on real unix sockets. */
export class FakeControlPlane {
  readonly root: string;
  readonly doorDir: string;
  order: WorkOrder;
  readonly events: Stored[] = [];
  readonly batches: EventBatch[] = [];
  readonly hellos: Hello[] = [];
  readonly finished: Finished[] = [];
  readonly asked: (string | null)[] = [];
  /** What the agent asked of people, each id once. */
  readonly asks: AskBody[] = [];
  /** Acknowledged: what can be gone back to. */
  readonly checkpoints: PostCheckpoint[] = [];
  /** What the work order's `restore` stands for. */
  restorable: Buffer | null = null;
  /** A body has begun to come; nothing of it is read yet. */
  onUpload: () => void = () => undefined;
  readonly withdrawn: string[] = [];
  readonly headers: IncomingMessage["headers"][] = [];
  /** What was stored, whole and with the checksum that was promised. */
  /** How often it was told that only storing is left. */
  storing = 0;
  readonly blobs: (BlobHeader & { id: string; content: Buffer })[] = [];
  /** Looks at every request of the runner first. */
  script: (route: Route, body: unknown) => Answer | undefined = () => undefined;
  /** Model and git. */
  outside: (incoming: IncomingMessage, outgoing: ServerResponse) => void = (_incoming, outgoing) =>
    outgoing.writeHead(501).end();
  readonly #changed = createSignal();
  readonly #commands: RunnerCommand[] = [];
  readonly #ears = new Set<ServerResponse>();
  #server: Server | null = null;
  #servers = 0;

  private constructor(root: string) {
    this.root = root;
    this.doorDir = join(root, "door");
    this.order = workOrder();
  }

  static async open(order: Partial<WorkOrder> = {}): Promise<FakeControlPlane> {
    const plane = new FakeControlPlane(await mkdtemp(join(tmpdir(), "agency-runner-")));
    plane.order = { ...plane.order, ...order };
    await plane.start();
    return plane;
  }

  get bootstrap(): Bootstrap {
    const { taskId, epoch } = this.order;
    return {
      v: 1,
      taskId,
      epoch,
      token: "boot-token-of-this-test",
      doorDir: this.doorDir,
      deadlineAt: "2031-01-01T00:00:00Z",
    };
  }

  /** Opens a socket under a name not used before. */
  async start(): Promise<void> {
    await mkdir(this.doorDir, { recursive: true });
    this.#servers += 1;
    const server = createServer((incoming, outgoing) => void this.#serve(incoming, outgoing));
    const path = join(this.doorDir, `${randomUUID().slice(0, 8)}-${this.#servers}.sock`);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    this.#server = server;
  }

  /** As a killed process goes: every connection is cut, and the socket is gone. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  async close(): Promise<void> {
    await this.stop();
    // A test need not wait for the runner: its last files may still be coming.
    await rm(this.root, { recursive: true, force: true, maxRetries: 20 });
  }

  command(command: RunnerCommand): void {
    this.#commands.push(command);
    for (const ear of this.#ears) ear.write(`${JSON.stringify(command)}\n`);
  }

  lastWord(): void {
    for (const ear of this.#ears) ear.end('{"kind":"fenced"}\n');
  }

  get listeners(): number {
    return this.#ears.size;
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) await this.#changed.wait();
  }

  has(type: string, part: Record<string, unknown> = {}): boolean {
    return this.events.some((event) => event.type === type && matches(event.data, part));
  }

  ofType(type: string): unknown[] {
    return this.events.filter((event) => event.type === type).map((event) => event.data);
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { pathname } = new URL(incoming.url ?? "/", "http://fake");
    const route = ROUTES[pathname];
    if (route === undefined) return this.outside(incoming, outgoing);
    this.headers.push(incoming.headers);
    if (incoming.method === "PUT") this.onUpload();
    const body = await bodyOf(incoming);
    const scripted = this.script(route, body);
    if (scripted === "cut") return void incoming.socket.destroy();
    if (typeof scripted === "object") {
      const retry = scripted.retryAfter === undefined ? {} : { "retry-after": String(scripted.retryAfter) };
      outgoing.writeHead(scripted.status, retry).end(JSON.stringify(scripted.body ?? {}));
      return this.#changed.fire();
    }
    if (route === "commands") return this.#listen(incoming, outgoing);
    if (route === "restore") return this.#giveBack(outgoing, scripted === "lost");
    const { status, answer } = this.#handle(route, body, incoming);
    this.#changed.fire();
    if (scripted === "lost") return void incoming.socket.destroy();
    outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
  }

  #handle(route: Route, body: unknown, incoming: IncomingMessage): { status: number; answer: unknown } {
    if (route === "hello") {
      this.hellos.push(helloSchema.parse(body));
      return { status: 200, answer: this.order };
    }
    if (incoming.headers.authorization !== `Bearer ${TOKEN}`) return { status: 401, answer: {} };
    if (route === "events")
      return { status: 200, answer: { ack: this.#store(eventBatchSchema.parse(body)) } };
    if (route === "ask") return { status: 202, answer: this.#ask(postAskSchema.parse(body)) };
    if (route === "blobs") return this.#keep(incoming, body as Buffer);
    if (route === "checkpoints") return this.#acknowledge(postCheckpointSchema.parse(body));
    if (route === "storing") return { status: 200, answer: this.#holdOn() };
    const finished = finishedSchema.parse(body);
    if (finished.finalSeq !== this.events.length)
      return { status: 409, answer: { have: this.events.length } };
    this.finished.push(finished);
    return { status: 200, answer: { accepted: true } };
  }

  #holdOn(): object {
    this.storing += 1;
    return {};
  }

  #store(batch: EventBatch): number {
    this.batches.push(batch);
    batch.events.forEach((event, index) => {
      const n = batch.from + index;
      if (n === this.events.length + 1) this.events.push({ n, ...event });
    });
    return this.events.length;
  }

  #keep(incoming: IncomingMessage, content: Buffer): { status: number; answer: unknown } {
    const header = blobHeaderSchema.parse(JSON.parse(String(incoming.headers[BLOB_HEADER])));
    const sha256 = createHash("sha256").update(content).digest("hex");
    if (sha256 !== header.sha256 || content.length !== header.bytes) return { status: 422, answer: {} };
    const id = randomUUID();
    this.blobs.push({ ...header, id, content });
    return { status: 201, answer: { id } };
  }

  #acknowledge(checkpoint: PostCheckpoint): { status: number; answer: unknown } {
    const isStored = this.blobs.some(({ id, kind }) => id === checkpoint.blob && kind === "checkpoint");
    if (!isStored) return { status: 422, answer: {} };
    const isKnown = this.checkpoints.some(({ number }) => number === checkpoint.number);
    if (!isKnown) this.checkpoints.push(checkpoint);
    return { status: 200, answer: {} };
  }

  /** From now on tasks begin from the newest checkpoint of another one. */
  restoreFrom(other: FakeControlPlane, fork = false): void {
    const newest = other.checkpoints.at(-1);
    const stored = other.blobs.find(({ id }) => id === newest?.blob);
    if (newest === undefined || stored === undefined) throw new Error("There is no checkpoint.");
    const { blob: _blob, label: _label, ...rest } = newest;
    const { bytes, sha256, content } = stored;
    const restore: Restore = { ...rest, taskId: other.order.taskId, bytes, sha256, fork };
    this.restorable = content;
    this.order = { ...this.order, repository: other.order.repository, restore };
  }

  #giveBack(outgoing: ServerResponse, isCut: boolean): void {
    const content = this.restorable;
    if (content === null) return void outgoing.writeHead(404).end("{}");
    outgoing.writeHead(200, { "content-length": String(content.length) });
    if (!isCut) return void outgoing.end(content);
    outgoing.write(content.subarray(0, content.length / 2), () => outgoing.destroy());
  }

  #ask(ask: PostAsk): object {
    if (ask.kind === "withdrawn") {
      this.withdrawn.push(ask.id);
      return {};
    }
    if (!this.asks.some(({ id }) => id === ask.id)) this.asks.push(ask);
    return {};
  }

  #listen(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const after = new URL(incoming.url ?? "/", "http://fake").searchParams.get("after");
    this.asked.push(after);
    outgoing.writeHead(200, { "content-type": "application/x-ndjson" });
    outgoing.write('{"kind":"ping"}\n');
    const from = this.#commands.findIndex(({ id }) => id === after) + 1;
    for (const command of this.#commands.slice(from)) outgoing.write(`${JSON.stringify(command)}\n`);
    this.#ears.add(outgoing);
    outgoing.once("close", () => this.#ears.delete(outgoing));
    this.#changed.fire();
  }
}

const ROUTES: Record<string, Route> = {
  [UPLINK_PATHS.hello]: "hello",
  [UPLINK_PATHS.events]: "events",
  [UPLINK_PATHS.commands]: "commands",
  [UPLINK_PATHS.ask]: "ask",
  [UPLINK_PATHS.blobs]: "blobs",
  [UPLINK_PATHS.checkpoints]: "checkpoints",
  [UPLINK_PATHS.restore]: "restore",
  [UPLINK_PATHS.storing]: "storing",
  [UPLINK_PATHS.finished]: "finished",
};

async function bodyOf(incoming: IncomingMessage): Promise<unknown> {
  if (incoming.method === "POST") return json(incoming).catch(() => null);
  return incoming.method === "PUT" ? buffer(incoming).catch(() => Buffer.alloc(0)) : null;
}

/** The broker's answer to a model call that may not be made yet. */
export function hold(outgoing: ServerResponse, retryAfter: number): void {
  outgoing
    .writeHead(503, { [HOLD_HEADER]: "budget", "retry-after": String(retryAfter) })
    .end('{"type":"error","error":{"type":"overloaded_error","message":"held"}}');
}

function matches(data: unknown, part: Record<string, unknown>): boolean {
  const known = data as Record<string, unknown>;
  return Object.entries(part).every(([key, value]) => known[key] === value);
}

export function workOrder(): WorkOrder {
  return {
    taskId: randomUUID(),
    epoch: 1,
    attemptToken: TOKEN,
    promptId: "prompt-1",
    prompt: "Do it.",
    engine: "scripted",
    model: null,
    command: null,
    harness: "oneshot",
    sessionId: randomUUID(),
    limits: { ...DEFAULT_LIMITS },
    network: "none",
    repository: null,
    gitHosts: [],
    demo: false,
    title: "Do it",
    deliver: "files",
    commits: "squash",
    pushBranch: null,
    ontoBranch: null,
    checks: [],
    artifacts: [],
    restore: null,
    approve: "none",
    commandPolicy: { allow: [], deny: [] },
    questions: true,
    onBudget: "wait",
    env: { COLOUR: "blue" },
    modelKeys: { anthropic: "placeholder-of-this-test" },
    serverTime: "2030-01-01T00:00:00.000Z",
  };
}
