import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isHostLocked, withHostLock } from "./host-lock.ts";

const signal = new AbortController().signal;
const key = (): string => randomBytes(8).toString("hex");

describe("a lock between the processes of this machine", () => {
  it("lets one in at a time and everyone in the end", async () => {
    const name = key();
    let inside = 0;
    let most = 0;
    const visits = Array.from({ length: 12 }, () =>
      withHostLock(name, signal, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
        return 1;
      }),
    );
    expect((await Promise.all(visits)).length).toBe(12);
    expect(most).toBe(1);
    expect(await isHostLocked(name)).toBe(false);
  });

  it("is free again after a failure inside", async () => {
    const name = key();
    await expect(withHostLock(name, signal, () => Promise.reject(new Error("inside")))).rejects.toThrow(
      "inside",
    );
    expect(await withHostLock(name, signal, () => isHostLocked(name))).toBe(true);
  });

  it("lets a waiter give up", async () => {
    const name = key();
    const leaving = new AbortController();
    await withHostLock(name, signal, async () => {
      const waiting = withHostLock(name, leaving.signal, () => Promise.resolve());
      leaving.abort();
      await expect(waiting).rejects.toMatchObject({ kind: "transient" });
    });
  });

  it("is freed by the kernel when its owner is killed", async () => {
    const name = key();
    const source = `
      import { withHostLock } from ${JSON.stringify(fileURLToPath(new URL("host-lock.ts", import.meta.url)))};
      await withHostLock("${name}", new AbortController().signal, () => {
        process.stdout.write("mine");
        setInterval(() => undefined, 1000);
        return new Promise(() => undefined);
      });`;
    const owner = spawn(process.execPath, ["--input-type=module", "-e", source], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(owner.stdout, "data");
    expect(await isHostLocked(name)).toBe(true);
    const next = withHostLock(name, signal, () => Promise.resolve("next"));
    owner.kill("SIGKILL");
    expect(await next).toBe("next");
  });
});
