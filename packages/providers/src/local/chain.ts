/** The variable that carries a sandbox's marker in bwrap's command line; the rest of its options stay off it. */
const MARKER_VARIABLE = "AGENCY_SANDBOX";

export interface ChainPlan {
  readonly tools: {
    readonly sh: string;
    readonly timeout: string;
    readonly setpriv: string | null;
    readonly bwrap: string;
  };
  readonly marker: string;
  readonly controlDir: string;
  /** Files to write "0" into: the process that writes joins. */
  readonly joins: readonly string[];
  readonly uid: number | null;
  readonly secondsLeft: number;
  readonly argumentsFd: number;
  readonly command: readonly string[];
}

/**
 * The holder outlives the server that started it. It joins no cgroup itself, so that neither the
 * memory killer nor a fork bomb can stop it from writing down how the sandbox ended. What runs inside
 * is offered to the memory killer first, which is all there is where no cgroup can be had. bwrap is its
 * direct child and dies with it. A holder whose creator died before it ran, and whose folder was made
 * anew since, finds another marker there and does nothing.
 */
const HOLDER = `
control=$1; count=$2; shift 2
read -r record <"$control/record.json"
case $record in *"$0"*) ;; *) exit 125 ;; esac
echo $$ >"$control/holder" || exit 125
(
  echo 500 >/proc/self/oom_score_adj
  while [ "$count" -gt 0 ]; do
    echo 0 >"$1" || exit 125
    shift; count=$((count - 1))
  done
  exec "$@"
)
echo $? >"$control/exit"
`;

/** Unprivileged before bwrap starts: to the host, root inside a user namespace would still be root. */
function privileges(plan: ChainPlan): string[] {
  if (plan.uid === null || plan.tools.setpriv === null) return [];
  const id = String(plan.uid);
  return [plan.tools.setpriv, "--reuid", id, "--regid", id, "--clear-groups", "--no-new-privs", "--"];
}

/**
 * timeout -> holder -> [setpriv ->] bwrap -> the sandbox's pid 1. timeout ends the sandbox at its
 * deadline even when no server lives any more.
 */
export function chainCommand(plan: ChainPlan): string[] {
  const { tools, marker, joins } = plan;
  const deadline = [tools.timeout, "-s", "KILL", String(plan.secondsLeft)];
  const holder = [tools.sh, "-c", HOLDER, marker, plan.controlDir, String(joins.length), ...joins];
  const bwrap = [tools.bwrap, "--args", String(plan.argumentsFd), "--setenv", MARKER_VARIABLE, marker, "--"];
  return [...deadline, ...holder, ...privileges(plan), ...bwrap, ...plan.command];
}
