import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleRunner } from "../../../../scripts/bundle-runner.ts";
import type { FakeControlPlane } from "./fake-control-plane.ts";

export interface BundleUnderTest {
  child: ChildProcess;
  workspace: string;
  /** Exit code and all it wrote to its console. */
  ended: Promise<{ code: number | null; console: string }>;
}

/** The runner as a provider starts it: the bundle, in a process of its own, with an environment of its own. */
export async function runBundle(
  plane: FakeControlPlane,
  path = process.env["PATH"],
): Promise<BundleUnderTest> {
  const { outfile } = await bundleRunner();
  const workspace = join(plane.root, "workspace");
  const home = join(plane.root, "home");
  for (const folder of [workspace, home]) await mkdir(folder, { recursive: true });
  const bootstrapPath = join(plane.root, "bootstrap.json");
  await writeFile(bootstrapPath, JSON.stringify(plane.bootstrap));
  const env = { HOME: home, PATH: path, TMPDIR: plane.root, AGENCY_BOOTSTRAP: bootstrapPath };
  const child = spawn(process.execPath, [outfile], {
    cwd: workspace,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let console = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text: Buffer) => (console += text.toString()));
  const ended = new Promise<{ code: number | null; console: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, console }));
  });
  return { child, workspace, ended };
}
