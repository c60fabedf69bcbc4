import type { Logger } from "@agency/core";

interface Closable {
  close(): Promise<void>;
}

/** What was opened, closed in the opposite order. One that fails to close does not keep the others open. */
export class Closers {
  readonly #open: { name: string; part: Closable }[] = [];
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add<T extends Closable>(name: string, part: T): T {
    this.#open.push({ name, part });
    return part;
  }

  async close(): Promise<void> {
    for (let last = this.#open.pop(); last !== undefined; last = this.#open.pop()) {
      try {
        await last.part.close();
      } catch (error) {
        this.#logger.warn({ err: error, part: last.name }, "a part did not close cleanly");
      }
    }
  }
}
