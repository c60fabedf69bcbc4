import type { Duplex } from "node:stream";
import { encodeTerminalJson } from "@agency/contract";
import type { OpenedTerminal } from "@agency/control";

/** Carries the bytes between a person and a sandbox; each end waits for the other when it is slow. */
export async function joinTerminal(person: Duplex, terminal: OpenedTerminal<Duplex>): Promise<void> {
  const gone = new Promise<null>((resolve) => person.once("close", () => resolve(null)));
  try {
    const runner = await Promise.race([terminal.runner, gone]);
    if (person.destroyed) return void runner?.destroy();
    if (runner === null) return void person.end(NOBODY_CAME, () => person.destroy());
    await carry(person, runner);
  } finally {
    terminal.close();
  }
}

const NOBODY_CAME = encodeTerminalJson("failed", {
  message: "The sandbox did not answer: it is too busy, or its connection is lost. Try again.",
});

/** Whoever goes takes the other along; what the sandbox said last still arrives. */
function carry(person: Duplex, runner: Duplex): Promise<void> {
  return new Promise((resolve) => {
    person.pipe(runner);
    runner.pipe(person);
    person.once("close", () => {
      runner.destroy();
      resolve();
    });
    runner.once("close", () => {
      if (!runner.readableEnded) person.destroy();
      else person.end(() => person.destroy());
    });
  });
}
