import { randomUUID } from "node:crypto";
import type { Logger } from "@agency/core";
import type { Attempt } from "../uplink/client.ts";
import type { Door } from "../uplink/door.ts";
import { dialBack } from "./dial-back.ts";
import { serveTerminal } from "./serve-terminal.ts";
import { startInside } from "./start-inside.ts";

/** The control plane holds people to fewer; what comes from anywhere else is not served without end. */
const MOST = 16;

export interface TerminalsOptions {
  door: Door;
  attempt: Attempt;
  cwd: string;
  /** The agent's own, as it is when the terminal opens. */
  env: () => Readonly<Record<string, string>>;
  log: Logger;
}

/** People's terminals. They are no work of the agent: no clock, no limit and no journal knows of them. */
export class RunnerTerminals {
  readonly #options: TerminalsOptions;
  #over = new AbortController();
  #isClosed = false;
  readonly #open = new Set<Promise<void>>();

  constructor(options: TerminalsOptions) {
    this.#options = options;
  }

  /** Somebody waits for the terminal of that id. */
  open(id: string): void {
    if (this.#isClosed || this.#open.size >= MOST) return;
    const served = this.#serve(id).catch((error: unknown) => {
      this.#options.log.warn({ err: error }, "A terminal failed.");
    });
    this.#open.add(served);
    void served.then(() => this.#open.delete(served));
  }

  /** Ends those that are open now; resolves when nothing of them is left running. */
  async hangUp(): Promise<void> {
    this.#over.abort();
    this.#over = new AbortController();
    await Promise.all(this.#open);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.hangUp();
  }

  async #serve(id: string): Promise<void> {
    const { door, attempt, cwd, env } = this.#options;
    const over = this.#over.signal;
    const socket = await dialBack(door, attempt, id);
    if (socket === null) return;
    // Not the id the control plane knows: a program inside could not be told from another's by guessing.
    const mark = randomUUID();
    await serveTerminal(socket, (wanted) => startInside({ id: mark, cwd, env: env(), wanted }), over);
  }
}
