import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

export interface Curled {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The real curl, with no settings but those of the arguments. */
export async function curl(...args: string[]): Promise<Curled> {
  const child = spawn("curl", ["--disable", "--silent", "--show-error", "--max-time", "20", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "" },
  });
  child.once("error", () => undefined);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close").catch(() => {
      throw new Error("curl is needed for this test: apt-get install curl");
    }),
  ]);
  return { code: Number(code), out, err };
}
