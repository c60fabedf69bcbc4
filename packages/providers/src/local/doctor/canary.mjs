// Runs inside a real sandbox in place of the runner and reports through the door what it could reach.
// Every value is text; what each must be is decided outside, in verdicts.ts.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";

const door = "/run/agency/door";
const [, port, orphan] = JSON.parse(readFileSync("/run/agency/bootstrap.json", "utf8")).token.split(":");
const status = readFileSync("/proc/self/status", "utf8");
const field = (name) => new RegExp(`^${name}:\\s*(\\S+)`, "mu").exec(status)?.[1] ?? "";
const said = (program, ...args) => {
  const { error, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return error === undefined ? (stdout + stderr).split("\n", 1)[0] : String(error.code);
};
const writable = ["/canary", "/etc/canary", "/usr/canary", "/dev/canary", `${door}/canary`].filter((path) => {
  try {
    writeFileSync(path, "");
    return true;
  } catch {
    return false;
  }
});
const loopback = await new Promise((resolve) => {
  const socket = connect({ host: "127.0.0.1", port: Number(port) });
  socket.once("connect", () => resolve("reached"));
  socket.once("error", (error) => resolve(String(error.code)));
});
const environ = readFileSync("/proc/1/environ", "utf8").split("\0");

spawn("sleep", [orphan], { detached: true, stdio: "ignore" }).unref();
const report = {
  node: process.version,
  uid: String(process.getuid()),
  seccomp: field("Seccomp"),
  noNewPrivs: field("NoNewPrivs"),
  capabilities: field("CapBnd"),
  namespace: said("unshare", "--user", "true"),
  environment: environ
    .map((entry) => entry.split("=", 1)[0])
    .filter((name) => name !== "")
    .join(" "),
  interfaces: Object.keys(networkInterfaces())
    .filter((name) => name !== "lo")
    .join(" "),
  writable: writable.join(" "),
  runner: said("cat", `/proc/${process.pid}/environ`),
  loopback,
  git: said("git", "--version"),
  tar: said("tar", "--version"),
};
connect({ path: `${door}/check` }).end(JSON.stringify(report));
// Until it is destroyed: the doctor wants to see that this ends the orphan too.
setInterval(() => undefined, 60_000);
