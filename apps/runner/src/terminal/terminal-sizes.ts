import { spawn } from "node:child_process";
import { once } from "node:events";
import type { TerminalSize } from "@agency/contract";

/** One change at a time, and the last one wanted is the last one made: two at once end in any order. */
export function terminalSizes(place: Promise<string>, env: Readonly<Record<string, string>>) {
  let wanted: TerminalSize | null = null;
  let isAtWork = false;

  async function work(): Promise<void> {
    isAtWork = true;
    const name = await place;
    while (wanted !== null) {
      const size = wanted;
      wanted = null;
      if (/^\/dev\/pts\/\d+$/.test(name)) await setSize(name, size, env).catch(() => undefined);
    }
    isAtWork = false;
  }

  return (size: TerminalSize): void => {
    wanted = size;
    if (!isAtWork) void work();
  };
}

/** The kernel tells the program in front. Fails where no program can be started, for want of memory too. */
async function setSize(
  name: string,
  { columns, rows }: TerminalSize,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const set = spawn("stty", ["-F", name, "rows", String(rows), "cols", String(columns)], {
    env,
    stdio: "ignore",
  });
  await once(set, "close");
}
