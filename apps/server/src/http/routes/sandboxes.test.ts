import { once } from "node:events";
import { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import { createMemorySignIn } from "../testing/memory-sign-in.ts";
import { ANNA, createTestApi } from "../testing/test-api.ts";
import type { Upgrade } from "../upgrade.ts";

describe("a terminal", () => {
  it("ends with the session or the key that opened it, on both sides", async () => {
    const over = new AbortController();
    const watched: string[] = [];
    let closed = 0;
    const signIn = {
      ...createMemorySignIn(),
      watch: ({ keyId }: { keyId: string }) => {
        watched.push(keyId);
        return { signal: over.signal, close: () => void (closed += 1) };
      },
    };
    const api = createTestApi({ signIn });
    const { id } = api.useCases.addTask("anna");
    const runner = silence();
    const released = Promise.withResolvers<void>();
    api.useCases.openTerminal = async () => ({
      id: "t",
      runner: Promise.resolve(runner),
      close: () => released.resolve(),
    });
    const person = silence();
    const upgrade: Upgrade = (serve) => serve(person);
    const headers = { host: "agency.test", ...ANNA };
    await api.app.request(`http://agency.test/v1/tasks/${id}/terminal`, { headers }, { upgrade });
    expect([watched, person.destroyed, closed]).toEqual([["k"], false, 0]);
    const gone = once(runner, "close");
    over.abort();
    await Promise.all([gone, released.promise]);
    await new Promise((resolve) => setImmediate(resolve));
    expect([person.destroyed, runner.destroyed, closed]).toEqual([true, true, 1]);
  });
});

/** A connection on which nobody says anything. */
function silence(): Duplex {
  return new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
}
