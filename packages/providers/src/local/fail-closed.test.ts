import { execFile } from "node:child_process";
import { access, chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ProviderError } from "@agency/core";
import type { Provider } from "@agency/core";
import { sandboxSpec } from "@agency/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LocalProviderOptions } from "./options.ts";
import { DEFAULT_SEARCH_PATH } from "./options.ts";
import { createGround, quiet, signal, untilWritten } from "./testing/ground.ts";
import type { Ground } from "./testing/ground.ts";
import { findProgram } from "./tools.ts";

const run = promisify(execFile);

let ground: Ground;
let ran: string;

beforeEach(async () => {
  ground = await createGround();
  ran = join(ground.base, "ran");
  await mkdir(ran, { mode: 0o777 });
  await chmod(ran, 0o777);
  // Whatever way it is started, this runner shows that it ran: the canary of every case below.
  const runner = `import { writeFileSync } from "node:fs";\nwriteFileSync("${ran}/it", "ran");\n`;
  await writeFile(ground.options.runtime.runnerPath, runner);
});
afterEach(async () => {
  await ground.dispose();
});

describe("without a whole sandbox a task does not run at all", () => {
  it("while the same task runs in a whole one, and by hand: the canary sings", async () => {
    const ref = await ground.provider({ readWritePaths: [ran] }).create(sandboxSpec(), quiet);
    expect(await untilWritten(join(ran, "it"))).toBe("ran");
    await ground.provider().discard(ref, signal);
    await rm(join(ran, "it"));
    await run(process.execPath, [ground.options.runtime.runnerPath]);
    await access(join(ran, "it"));
  });

  it("when bubblewrap is not installed", async () => {
    const provider = ground.provider({ searchPath: await pathWith({ bwrap: null }) });
    expect(await refused(provider)).toMatch(/bwrap is not installed.*apt-get install bubblewrap/u);
    expect(await provider.check(signal)).toContainEqual(
      expect.objectContaining({ id: "local.bwrap", level: "fail", fix: expect.stringContaining("apt-get") }),
    );
  });

  it("when bubblewrap is too old for the profile", async () => {
    const provider = ground.provider({ searchPath: await pathWith({ bwrap: "echo bubblewrap 0.6.3" }) });
    expect(await refused(provider)).toMatch(/bubblewrap 0\.6\.3 is too old, 0\.8 is needed/u);
  });

  it("when what is called bwrap always fails", async () => {
    const provider = ground.provider({ searchPath: await pathWith({ bwrap: "exit 1" }) });
    expect(await refused(provider)).toMatch(/bwrap does not run/u);
  });

  it("when user namespaces are forbidden", async () => {
    const refusing = `[ "$1" = --version ] && echo bubblewrap 0.8.0 && exit 0; echo "bwrap: setting up uid map: Permission denied" >&2; exit 1`;
    const provider = ground.provider({ searchPath: await pathWith({ bwrap: refusing }) });
    expect(await refused(provider)).toMatch(/uid map: Permission denied.*\/etc\/apparmor\.d\/bwrap/su);
    expect(await provider.check(signal)).toContainEqual(
      expect.objectContaining({
        id: "local.run",
        level: "fail",
        fix: expect.stringContaining("apparmor_parser"),
      }),
    );
  });

  it("when a bwrap that says it is fine runs the command without a sandbox", async () => {
    const lying = `[ "$1" = --version ] && echo bubblewrap 0.8.0 && exit 0; exit 0`;
    const provider = ground.provider({ searchPath: await pathWith({ bwrap: lying }) });
    expect(await refused(provider)).toMatch(/the sandbox did not start/u);
  });

  it("when it was killed while it started, and the next try may do better", async () => {
    const killed = `[ "$1" = --version ] && echo bubblewrap 0.8.0 && exit 0; kill -KILL $$`;
    const provider = ground.provider({ searchPath: await pathWith({ bwrap: killed }) });
    expect(await refused(provider, "transient")).toMatch(/killed while it started/u);
  });

  it("when the uplink's folder is not there", async () => {
    expect(await refused(ground.provider({ doorDir: join(ground.base, "nowhere") }))).toMatch(
      /uplink's folder/u,
    );
  });

  it("when the runner is not there", async () => {
    const runtime = { ...ground.options.runtime, runnerPath: join(ground.base, "nowhere.mjs") };
    expect(await refused(ground.provider({ runtime }))).toMatch(/the runner program cannot be used/u);
  });

  it.each<[string, Partial<LocalProviderOptions>]>([
    ["the whole machine", { readOnlyPaths: ["/"] }],
    ["the system's sockets", { readOnlyPaths: ["/run"] }],
    ["the users' homes", { readWritePaths: ["/home"] }],
    ["a relative path", { readOnlyPaths: ["src"] }],
    ["a path that does not exist", { readOnlyPaths: ["/opt/of-the-way"] }],
  ])("when it is told to show %s inside", async (_what, options) => {
    expect(await refused(ground.provider(options), "invalid")).toMatch(/cannot be given to a sandbox/u);
  });

  it("when a path leads to the installation's own data over a link", async () => {
    await mkdir(ground.home, { recursive: true });
    const link = join(ground.base, "link");
    await symlink(join(ground.home, ".."), link);
    expect(await refused(ground.provider({ readOnlyPaths: [link] }), "invalid")).toMatch(
      /may be seen in a sandbox/u,
    );
  });

  it("when root's sandbox user cannot come to its folder; a server's own user can", async () => {
    await mkdir(join(ground.base, "data"), { mode: 0o700 });
    const provider = ground.provider();
    if (process.geteuid?.() === 0) {
      expect(await refused(provider)).toMatch(/cannot pass .*\/data on the way .*chmod o\+x/u);
    } else {
      const ref = await provider.create(sandboxSpec(), quiet);
      expect((await provider.observe(ref, signal)).phase).not.toBe("pending");
    }
  });
});

async function refused(provider: Provider, kind = "unavailable"): Promise<string> {
  const error: unknown = await provider.create(sandboxSpec(), quiet).catch((error: unknown) => error);
  if (!(error instanceof ProviderError)) throw new Error("it was made all the same");
  expect(error.kind, error.message).toBe(kind);
  await expect(access(join(ran, "it"))).rejects.toThrow(/ENOENT/u);
  expect(await readdir(ground.home).catch(() => [])).toEqual([]);
  return error.message;
}

/** A folder with every program the provider looks for, except that bwrap is this script, or missing. */
async function pathWith({ bwrap }: { bwrap: string | null }): Promise<string> {
  const folder = await mkdtemp(join(ground.base, "path-"));
  await chmod(folder, 0o755);
  for (const name of ["sh", "timeout", "prlimit", "setpriv"]) {
    const real = await findProgram(DEFAULT_SEARCH_PATH, name);
    if (real !== null) await symlink(real, join(folder, name));
  }
  if (bwrap !== null) await writeFile(join(folder, "bwrap"), `#!/bin/sh\n${bwrap}\n`, { mode: 0o755 });
  return folder;
}
