import { readFileSync } from "node:fs";
import type { Browser } from "playwright-core";

export interface Stalled extends Disposable {
  /** They go on from where they stand. */
  letGo(): void;
}

/** Stops the pages of a browser: they neither run nor read, and their connections stay open. */
export async function stall(browser: Browser): Promise<Stalled> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const stopped = new Set(processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id));
  for (const pid of stopped) process.kill(pid, "SIGSTOP");
  const letGo = () => {
    for (const pid of stopped) process.kill(pid, "SIGCONT");
    stopped.clear();
  };
  return { letGo, [Symbol.dispose]: letGo };
}

/** Bytes that a server has sent and the machine still holds, because nobody takes them. */
export function bytesNotTaken(url: string): number {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, "0");
  return readFileSync("/proc/net/tcp", "latin1")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local]) => local?.endsWith(`:${port}`))
    .reduce((sum, [, , , , queues]) => sum + Number.parseInt(queues?.split(":")[0] ?? "0", 16), 0);
}
