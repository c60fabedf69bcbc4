import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  changeLimitsSchema,
  createTaskSchema,
  ERROR_CODES,
  limitsSchema,
  MAX_PAGE,
  TERMINAL_STATES,
} from "@agency/contract";
import type { ErrorCode, Status, Task, TaskEvent } from "@agency/contract";
import { aTask, NOW, taskId } from "./builders.ts";
import { FakeWork } from "./fake-work.ts";

export const KEY = "test-key-0123456789abcdef";

interface Seen {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: unknown;
}

/** A server that keeps the contract with tasks in memory; tests say what happens to them. */
export class FakeApi {
  readonly tasks = new Map<string, Task>();
  readonly logs = new Map<string, TaskEvent[]>();
  readonly seen: Seen[] = [];
  /** Answers the next request to a path, such as "POST /v1/tasks", with a problem. */
  readonly refuse = new Map<string, { code: ErrorCode; detail: string; next?: string }>();
  /** What is answered to a path that is not about tasks; null is an empty answer. */
  readonly answers = new Map<string, unknown>();
  /** Called when a task is made, before the answer. */
  onCreate: (task: Task) => void = () => {};
  onCancel: (task: Task) => void = () => {};
  readonly work = new FakeWork();
  status: Status = aStatus();
  readonly #streams = new Set<{ id: string; sent: number; response: ServerResponse }>();
  #server: Server | null = null;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => void this.#handle(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  /** As when the process dies: connections break, the port is closed. A later start takes the same port. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
    this.#streams.clear();
  }

  addTask(given: Partial<Task> = {}, events: TaskEvent[] = []): Task {
    const task = aTask({ id: taskId(this.tasks.size + 1), ...given, lastSeq: events.length });
    this.tasks.set(task.id, task);
    this.logs.set(task.id, [...events]);
    return task;
  }

  update(id: string, change: Partial<Task>): void {
    const task = this.tasks.get(id);
    if (task !== undefined) this.tasks.set(id, { ...task, ...change });
  }

  emit(id: string, ...events: TaskEvent[]): void {
    this.logs.get(id)?.push(...events);
    this.update(id, { lastSeq: this.logs.get(id)?.length ?? 0 });
    for (const stream of this.#streams) this.#flush(stream);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const body = await readJson(request);
    const method = request.method ?? "GET";
    this.seen.push({ method, path: url.pathname + url.search, headers: request.headers, body });
    if (url.pathname === "/readyz") return send(response, 200, { ready: true });
    const refusal = this.refuse.get(`${method} ${url.pathname}`);
    if (refusal !== undefined) return problem(response, refusal.code, refusal.detail, refusal.next);
    if (request.headers.authorization !== `Bearer ${KEY}`) {
      return problem(response, "unauthenticated", "The key is not known here.", "Check AGENCY_API_KEY.");
    }
    return this.#route(method, url, body, request, response);
  }

  #route(method: string, url: URL, body: unknown, request: IncomingMessage, response: ServerResponse): void {
    if (Number(url.searchParams.get("limit") ?? 1) > MAX_PAGE) {
      return problem(response, "invalid_request", `A page holds at most ${MAX_PAGE}.`);
    }
    const [, , resource, id, part] = url.pathname.split("/");
    if (resource === "status") return send(response, 200, this.status);
    const known = this.answers.get(`${method} ${url.pathname}`);
    if (known !== undefined) return send(response, known === null ? 204 : 200, known);
    if (resource === "engines") return send(response, 200, { engines: ENGINES });
    if (resource === "providers") return send(response, 200, { providers: PROVIDERS });
    if (id === undefined) return method === "POST" ? this.#create(body, response) : this.#list(url, response);
    const task = this.tasks.get(id);
    if (task === undefined)
      return problem(response, "not_found", `There is no task ${id}.`, "`agency ls` shows the tasks.");
    const work = this.work.answer(task.id, { part, method, url, request });
    if (work !== null) return work(response);
    if (part === "limits") return this.#changeLimits(task, body, response);
    if (part === "pause" || part === "resume" || part === "answers") return send(response, 202, task);
    if (part === "messages") return send(response, 202, {});
    if (part === "cancel") return this.#cancel(task, response);
    if (part !== "events") return send(response, 200, task);
    const after = Number(request.headers["last-event-id"] ?? url.searchParams.get("after") ?? 0);
    if (request.headers.accept === "text/event-stream") return this.#stream(task.id, after, url, response);
    return this.#page(task.id, after, Number(url.searchParams.get("limit") ?? 100), response);
  }

  #create(body: unknown, response: ServerResponse): void {
    const input = createTaskSchema.parse(body);
    const { engine, demo, provider, labels, priority, prompt } = input;
    const task = this.addTask({
      state: "queued",
      startedAt: null,
      name: input.name ?? prompt,
      engine,
      demo,
      provider,
      labels,
      priority,
      prompt,
    });
    this.onCreate(task);
    send(response, 201, this.tasks.get(task.id));
  }

  #changeLimits(task: Task, body: unknown, response: ServerResponse): void {
    const { set, add } = changeLimitsSchema.parse(body);
    const limits: Record<string, unknown> = { ...task.limits, ...set };
    for (const [name, more] of Object.entries(add)) limits[name] = Number(limits[name] ?? 0) + (more ?? 0);
    this.update(task.id, { limits: limitsSchema.parse(limits) });
    send(response, 200, this.tasks.get(task.id));
  }

  #cancel(task: Task, response: ServerResponse): void {
    if (isOver(task)) return problem(response, "task_finished", "The task is over.");
    this.update(task.id, { cancelRequested: true });
    this.onCancel(task);
    return send(response, 202, this.tasks.get(task.id));
  }

  #list(url: URL, response: ServerResponse): void {
    const { state, search, limit, cursor } = Object.fromEntries(url.searchParams);
    const wanted = [...this.tasks.values()]
      .filter((task) => state === undefined || state.split(",").includes(task.state))
      .filter((task) => search === undefined || task.name.includes(search))
      .toSorted((a, b) => (a.id < b.id ? 1 : -1));
    const from = Number(cursor ?? 0);
    const to = from + Number(limit ?? 50);
    send(response, 200, {
      tasks: wanted.slice(from, to),
      nextCursor: to < wanted.length ? String(to) : null,
    });
  }

  #page(id: string, after: number, limit: number, response: ServerResponse): void {
    const all = this.logs.get(id) ?? [];
    const events = all.slice(after, after + limit);
    const nextAfter = after + limit < all.length ? after + limit : null;
    send(response, 200, { events, firstSeq: 1, lastSeq: all.length, nextAfter });
  }

  #stream(id: string, after: number, url: URL, response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(": hello\n\n");
    const types = url.searchParams.get("types")?.split(",");
    const stream = { id, sent: after, response, types };
    this.#streams.add(stream);
    response.on("close", () => this.#streams.delete(stream));
    this.#flush(stream);
  }

  #flush(stream: { id: string; sent: number; response: ServerResponse; types?: string[] | undefined }): void {
    const log = this.logs.get(stream.id) ?? [];
    for (const event of log.slice(stream.sent)) {
      stream.sent = event.seq;
      const over = event.type === "status" && TERMINAL_STATES.some((state) => state === event.data.state);
      if (stream.types?.includes(event.type) !== false) {
        stream.response.write(`id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      }
      if (over) stream.response.end("event: end\ndata: {}\n\n");
    }
  }
}

const isOver = (task: Task) => TERMINAL_STATES.some((state) => state === task.state);

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function problem(response: ServerResponse, code: ErrorCode, detail: string, next?: string): void {
  const status = ERROR_CODES[code];
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(
    JSON.stringify({
      type: `urn:agency:${code}`,
      title: code,
      status,
      code,
      detail,
      next,
      requestId: "req-1",
    }),
  );
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? undefined : JSON.parse(text);
}

const ENGINES = [
  {
    id: "claude",
    title: "Claude",
    version: "2.1.0",
    vendor: "anthropic",
    ready: false,
    problems: ["no credential"],
    probes: [],
  },
];
const PROVIDERS = [
  {
    id: "local",
    title: "This machine",
    ready: true,
    limits: { memory: "cgroup" },
    checks: [{ id: "bubblewrap", level: "ok", detail: "0.8.0 runs the whole profile" }],
  },
];

function aStatus(): Status {
  return {
    type: "agency",
    version: "0.1.0",
    instanceId: "i",
    roles: ["api", "worker"],
    startedAt: new Date(NOW).toISOString(),
    database: "embedded",
    counts: {},
    settings: [{ name: "AGENCY_PORT", value: "7717", source: "default" }],
    checks: [{ id: "postgres", level: "ok", detail: "18.0" }],
  };
}
