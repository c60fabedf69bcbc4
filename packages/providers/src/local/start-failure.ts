import type { ProviderFailure } from "@agency/core";
import { MachineProblem } from "./machine-problem.ts";
import { INSTALL_BWRAP } from "./tools.ts";

const APPARMOR_PROFILE = [
  "abi <abi/4.0>,",
  "include <tunables/global>",
  "profile bwrap /usr/bin/bwrap flags=(unconfined) {",
  "  userns,",
  "  include if exists <local/bwrap>",
  "}",
].join("\n");

/** Not the machine-wide sysctl: that would open user namespaces to every program. */
export const ALLOW_USERNS = `let bubblewrap make user namespaces. On Ubuntu save this as /etc/apparmor.d/bwrap and run \`apparmor_parser -r /etc/apparmor.d/bwrap\`:\n${APPARMOR_PROFILE}\nElsewhere: \`sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000\``;
const ALLOW_PROC =
  "the server runs in a container that masks /proc: start that container with `--security-opt systempaths=unconfined --security-opt seccomp=unconfined`, or run the server outside it";

interface Known {
  readonly pattern: RegExp;
  readonly kind: ProviderFailure;
  readonly fix: string;
}
const KNOWN: readonly Known[] = [
  { pattern: /uid map|RTM_NEWADDR|Failed to make .* slave/iu, kind: "unavailable", fix: ALLOW_USERNS },
  {
    pattern: /namespace.*(?:not permitted|permission|No permissions)|No permissions/iu,
    kind: "unavailable",
    fix: ALLOW_USERNS,
  },
  {
    pattern: /namespace.*No space left/iu,
    kind: "capacity",
    fix: "no more user namespaces: raise user.max_user_namespaces",
  },
  { pattern: /mount proc/iu, kind: "unavailable", fix: ALLOW_PROC },
  { pattern: /Unknown option/iu, kind: "unavailable", fix: INSTALL_BWRAP },
  {
    pattern: /seccomp|PR_SET_NO_NEW_PRIVS/iu,
    kind: "unavailable",
    fix: "the kernel must have CONFIG_SECCOMP_FILTER",
  },
  {
    pattern: /setpriv/iu,
    kind: "unavailable",
    fix: "root may not become the sandbox's user here: give a range of uids that exists in this container",
  },
  {
    pattern: /Resource temporarily unavailable|Cannot allocate memory|Cannot fork/iu,
    kind: "capacity",
    fix: "end other work on this machine or run fewer tasks at once",
  },
  { pattern: /No space left on device/iu, kind: "capacity", fix: "free some disk space" },
];

/** What a chain that ended before the runner's first instruction said on its console, as a sentence. */
export function startFailure(console: string): MachineProblem {
  const said = console.trim();
  const last = said.split("\n").at(-1) ?? "";
  const known = KNOWN.find(({ pattern }) => pattern.test(said));
  const what = `the sandbox did not start (${last === "" ? "it said nothing" : last})`;
  const fix = known?.fix ?? "run `agency doctor` to see what this machine lacks";
  return new MachineProblem(known?.kind ?? "unavailable", what, fix);
}
