import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bundleRunner } from "../../../scripts/bundle-runner.ts";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { runBundle } from "./testing/run-bundle.ts";
import type { BundleUnderTest } from "./testing/run-bundle.ts";

const MiB = 1024 * 1024;

describe("the bundled runner", () => {
  let plane: FakeControlPlane;
  let started: BundleUnderTest | null = null;
  beforeEach(async () => {
    plane = await FakeControlPlane.open({ engine: "command" });
  });
  afterEach(async () => {
    started?.child.kill("SIGKILL");
    await started?.ended;
    started = null;
    await plane.close();
  });

  async function run(command: string): Promise<BundleUnderTest> {
    plane.order = { ...plane.order, command };
    started = await runBundle(plane);
    return started;
  }
  const logged = (): string =>
    plane
      .ofType("log")
      .map((data) => (data as { text: string }).text)
      .join("\n");

  it("is one small file that needs nothing but Node", async () => {
    const { outfile, bytes } = await bundleRunner();
    expect(bytes).toBeLessThan(2.5 * MiB);
    const { metafile } = await build({
      entryPoints: [outfile],
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      format: "esm",
    });
    const [input] = Object.values(metafile.inputs);
    const needed = (input?.imports ?? []).map(({ path }) => path.replace(/^node:/, ""));
    expect(needed.filter((path) => !builtinModules.includes(path))).toEqual([]);
  });

  it("is built again only when a source is newer", async () => {
    const root = await mkdtemp(join(tmpdir(), "agency-bundle-"));
    const outfile = join(root, "deep", "runner.mjs");
    expect(await bundleRunner({ outfile })).toMatchObject({ built: true });
    expect(await bundleRunner({ outfile })).toMatchObject({ built: false });
    expect(await readdir(join(root, "deep"))).toEqual(["runner.mjs"]);
    await rm(root, { recursive: true });
  });

  it("starts from an empty folder and says what is missing", async () => {
    const { outfile } = await bundleRunner();
    const env = { AGENCY_BOOTSTRAP: join(plane.root, "absent.json") };
    const { status, stderr } = spawnSync(process.execPath, [outfile], {
      cwd: plane.root,
      env,
      encoding: "utf8",
    });
    expect(status).toBe(2);
    expect(stderr).toContain("absent.json cannot be read: ENOENT");
  });

  it("runs a program as a provider would have it", async () => {
    const { ended, workspace } = await run("echo hello > made.txt; echo done");
    expect(await ended).toMatchObject({ code: 0 });
    expect(readFileSync(join(workspace, "made.txt"), "utf8")).toBe("hello\n");
    expect(plane.finished[0]?.outcome).toMatchObject({ state: "completed", files: 1, added: 1 });
    expect(logged()).toBe("done");
  });

  it("keeps its tokens from the agent: not in its environment, not on its own command line", async () => {
    // A placeholder is the agent's to see, and redacted in what it prints.
    plane.order = { ...plane.order, modelKeys: {} };
    const { ended } = await run("env; cat /proc/$PPID/cmdline; cat /proc/$PPID/environ");
    const { console } = await ended;
    expect(plane.has("log")).toBe(true);
    for (const token of [plane.bootstrap.token, plane.order.attemptToken]) {
      expect(JSON.stringify(plane.events)).not.toContain(token);
      expect(console).not.toContain(token);
    }
    // Redaction would hide a leak of the attempt's token from this test, so look for its trace too.
    expect(logged()).not.toContain("[redacted]");
  });

  it("takes 100,000 lines and a line of 10 MB without growing, and loses none", async () => {
    const lines = 100_000;
    let peak = 0;
    plane.script = (route) => {
      const status = readFileSync(`/proc/${started?.child.pid}/status`, "utf8");
      if (route === "finished") peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024;
      return undefined;
    };
    const program = `for (let n = 1; n <= ${lines}; n += 1) console.log("line " + n); console.log("x".repeat(10485760));`;
    const { ended } = await run(`node -e '${program}'`);
    expect(await ended).toMatchObject({ code: 0 });
    expect(plane.events.map(({ n }) => n)).toEqual(plane.events.map((_, index) => index + 1));
    const text = logged().split("\n");
    expect(text.slice(0, lines)).toEqual(Array.from({ length: lines }, (_, index) => `line ${index + 1}`));
    expect(text.slice(lines).join("")).toBe("x".repeat(10_485_760));
    expect(peak).toBeGreaterThan(30 * MiB);
    expect(peak).toBeLessThan(150 * MiB);
  });

  it("takes 100,000 events while nobody acknowledges, and sends them all later", async () => {
    const events = 100_000;
    let peak = 0;
    let away = true;
    plane.script = (route) => {
      if (route === "finished")
        peak =
          Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${started?.child.pid}/status`, "utf8"))?.[1]) *
          1024;
      return away && route === "events" ? { status: 503, retryAfter: 0 } : undefined;
    };
    const event = '::agency::{"type":"notice","data":{"level":"info","text":"event ';
    const program = `for (let n = 1; n <= ${events}; n += 1) console.log(\`${event}\${n}"}}\`); require("fs").writeFileSync("said", "")`;
    const { ended, workspace } = await run(`node -e '${program}'`);
    await plane.until(() => readdirSync(workspace).includes("said"));
    away = false;
    expect(await ended).toMatchObject({ code: 0 });
    expect(plane.ofType("notice").map((data) => (data as { text: string }).text)).toEqual(
      Array.from({ length: events }, (_, index) => `event ${index + 1}`),
    );
    expect(peak).toBeLessThan(150 * MiB);
  });

  it("ends with the engine's processes when it is told to go", async () => {
    const { ended, child } = await run("echo $$; tail -f /dev/null");
    await plane.until(() => plane.has("log"));
    const pid = Number(logged());
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 143 });
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });
});
