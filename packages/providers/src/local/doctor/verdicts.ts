import type { Check } from "@agency/contract";
import type { Trial } from "./trial.ts";

const REPORT = "stop using this machine for agents and report this: a sandbox must never be this open";
const NO_CAPABILITIES = /^0+$/u;
const SECCOMP_FILTER = "2";

/** What the canary's report means, one check a promise. */
export function judgeTrial(trial: Trial): Check[] {
  const { report } = trial;
  const text = (name: string): string => report[name] ?? "";
  return [
    {
      id: "local.run",
      level: "ok",
      detail: `A sandbox with the full profile starts in ${Math.round(trial.millis)} ms.`,
    },
    { id: "local.node", level: "ok", detail: `Node ${text("node")} runs inside.` },
    hold("local.privileges", text("noNewPrivs") === "1" && NO_CAPABILITIES.test(text("capabilities")), {
      ok: "Inside there are no capabilities, and no program can gain any.",
      bad: `Inside, capabilities are ${text("capabilities")} and NoNewPrivs is ${text("noNewPrivs")}.`,
    }),
    hold("local.seccomp", text("seccomp") === SECCOMP_FILTER && /not permitted/iu.test(text("namespace")), {
      ok: "The system call filter is on: making a namespace inside is refused.",
      bad: `The system call filter does not hold (mode ${text("seccomp")}, unshare: ${text("namespace")}).`,
    }),
    hold(
      "local.env",
      text("environment")
        .split(" ")
        .every((name) => HARMLESS.has(name)),
      {
        ok: "Nothing of the server's environment is seen inside.",
        bad: `The sandbox sees the server's environment: ${text("environment")}.`,
      },
    ),
    hold("local.network", text("interfaces") === "" && text("loopback") === "ECONNREFUSED", {
      ok: "No network inside: a port of this machine's loopback is out of reach, the uplink's door is open.",
      bad: `The network is not closed: interfaces "${text("interfaces")}", the server's loopback: ${text("loopback")}.`,
    }),
    hold("local.files", text("writable") === "", {
      ok: "The system's folders and the door cannot be written to.",
      bad: `These can be written to from inside: ${text("writable")}.`,
    }),
    hold("local.runner", /denied/iu.test(text("runner")), {
      ok: "The runner's memory and environment are closed to the agent.",
      bad: "The agent can look into the runner, which holds the token of its task.",
    }),
    judgeOrphans(trial),
    tool("local.git", "git", text("git")),
    tool("local.tar", "tar", text("tar")),
  ];
}

/** What the chain gives bwrap, and what a shell adds of its own. */
const HARMLESS = new Set(["", "PATH", "PWD", "OLDPWD", "SHLVL", "_"]);

function judgeOrphans(trial: Trial): Check {
  if (trial.orphansBefore === 0) {
    const detail =
      "Whether a process can outlive its sandbox could not be tried: the canary's orphan was not seen.";
    return { id: "local.orphans", level: "warn", detail, fix: "mount /proc on this machine without hidepid" };
  }
  return hold("local.orphans", trial.orphansAfter === 0, {
    ok: "A process that leaves its parent inside ends with the sandbox.",
    bad: `${trial.orphansAfter} processes outlived their sandbox.`,
  });
}

function hold(id: string, holds: boolean, said: { ok: string; bad: string }): Check {
  return holds ? { id, level: "ok", detail: said.ok } : { id, level: "fail", detail: said.bad, fix: REPORT };
}

function tool(id: string, name: string, version: string): Check {
  if (/\d/u.test(version)) return { id, level: "ok", detail: `${version} is there inside.` };
  const fix = `install it: \`apt-get install ${name}\` or your distribution's package of that name`;
  return { id, level: "fail", detail: `${name} cannot be run inside (${version}).`, fix };
}
