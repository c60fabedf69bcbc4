// Makes a fresh clone ready: dependencies, system programs, the runner bundle, the web app. Plain JavaScript for
// Node 18+, because it runs before the project's own Node is there. Does nothing when nothing is to be done.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const forTests = process.argv.includes("--test");
const PROGRAMS = [
  { program: "bwrap", debian: "bubblewrap", why: "seals the sandbox" },
  { program: "git", debian: "git", why: "keeps the work" },
];
const TEST_PROGRAMS = [
  { program: "git-lfs", debian: "git-lfs", why: "large files of repositories" },
  { program: "curl", debian: "curl", why: "asks through the egress broker" },
  { program: "ip", debian: "iproute2", why: "makes the network the egress tests reach" },
  { program: "chromium", debian: "chromium", why: "opens the web app" },
];

installDependencies();
installPrograms();
bundleRunner();
buildWebApp();

function installDependencies() {
  const lock = readFileSync(join(root, "package-lock.json"));
  const wanted = createHash("sha256")
    .update(lock)
    .update(process.platform)
    .update(process.arch)
    .digest("hex");
  const stamp = join(root, "node_modules", ".agency-setup");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  say("installing dependencies (about 900 MB, once)");
  // No install script is needed; not running any is one thing less to trust.
  run(npm(), ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], "npm ci");
  writeFileSync(stamp, wanted);
}

function installPrograms() {
  if (process.platform !== "linux") return;
  const wanted = forTests ? [...PROGRAMS, ...TEST_PROGRAMS] : PROGRAMS;
  const missing = wanted.filter(({ program }) => !onPath(program));
  if (missing.length === 0) return;
  const packages = missing.map((m) => m.debian);
  const command = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  if (process.getuid?.() === 0 && onPath("apt-get")) {
    say(`installing ${missing.map((m) => `${m.debian} (${m.why})`).join(", ")}`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    run(["apt-get"], ["update", "-qq"], "apt-get update", env);
    run(["apt-get"], ["install", "-y", "-qq", "--no-install-recommends", ...packages], command, env);
    return;
  }
  say(`missing: ${packages.join(", ")}. Install with: sudo ${command}`);
  if (forTests) process.exit(1);
}

function bundleRunner() {
  run(
    [join(root, "node_modules", ".bin", "node")],
    [join(root, "scripts", "bundle-runner.ts")],
    "bundling the runner",
  );
}

function buildWebApp() {
  run(
    [join(root, "node_modules", ".bin", "node")],
    [join(root, "scripts", "build-web.ts")],
    "building the web app",
  );
}

function npm() {
  const cli = process.env.npm_execpath;
  return cli && /\.c?js$/.test(cli) ? [process.execPath, cli] : ["npm"];
}

function onPath(program) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.some((folder) => folder !== "" && existsSync(join(folder, program)));
}

function run([command, ...first], args, what, env = process.env) {
  const result = spawnSync(command, [...first, ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    env,
  });
  if (result.status === 0) return;
  process.stderr.write(
    `setup: ${what} failed\n${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}\n`,
  );
  process.exit(1);
}

function say(sentence) {
  process.stderr.write(`setup: ${sentence}\n`);
}
