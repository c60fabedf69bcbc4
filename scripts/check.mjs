// Every static check at once, in parallel: the slowest one decides how long you wait.
import { spawn } from "node:child_process";

const checks = [
  ["format", "oxfmt", "--check", "."],
  ["lint", "oxlint", "--deny-warnings", "packages", "apps", "e2e", "bench", "scripts"],
  ["types", "tsc", "-p", "tsconfig.json"],
  // The browser has a DOM and no Node: nothing of the one may be used in the other.
  ["types-web", "tsc", "-p", "apps/web"],
  ["layers", "depcruise", "--config", ".dependency-cruiser.cjs", "--output-type", "err", "packages", "apps"],
  ["unused", "knip"],
];

const wanted = process.argv.slice(2);
const chosen =
  wanted.length === 0 ? checks : checks.filter(([name]) => wanted.includes(name.replace(/-.*/, "")));
const startedAt = Date.now();
const results = await Promise.all(chosen.map(runCheck));
const failed = results.filter((r) => r.code !== 0);
for (const r of failed) process.stdout.write(`\n--- ${r.name} failed\n${r.output}`);
const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
const summary = results.map(
  (r) => `${r.name} ${r.code === 0 ? "ok" : "FAILED"} ${(r.ms / 1000).toFixed(1)}s`,
);
process.stdout.write(`check: ${summary.join(" · ")} · ${seconds}s in all\n`);
process.exitCode = failed.length === 0 ? 0 : 1;

function runCheck([name, command, ...args]) {
  const began = Date.now();
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const take = (chunk) => (output += chunk);
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) =>
      resolve({ name, code: 1, ms: Date.now() - began, output: `${error.message}\n` }),
    );
    child.on("close", (code) => resolve({ name, code, ms: Date.now() - began, output }));
  });
}
