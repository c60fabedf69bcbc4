import { BRANCH_PREFIX } from "@agency/contract";
import type { CheckResult, Outcome, WorkOrder } from "@agency/contract";
import type { Clock } from "@agency/core";
import type { Recorder } from "../journal/recorder.ts";
import type { ProcessGroups } from "../process/groups.ts";
import { inPhase } from "../session/in-phase.ts";
import type { Git } from "../workspace/git.ts";
import { asPeopleKnowIt } from "../workspace/prepare-workspace.ts";
import { cleanCheckout } from "./clean-checkout.ts";
import { commitMessage } from "./commit-message.ts";
import { commitWork } from "./commit-work.ts";
import { pushBranch, rebaseWork } from "./push-branch.ts";
import type { Pushed } from "./push-branch.ts";
import { runChecks } from "./run-checks.ts";
import { ARCHIVE_NAME, sendFile, sendFiles, sendWorkspace } from "./send-artifacts.ts";
import type { ArtifactsOptions, StoreFile } from "./send-artifacts.ts";

const MINUTE = 60_000;
const MOST = { commit: 10 * MINUTE, checks: 30 * MINUTE, artifacts: 60 * MINUTE, push: 15 * MINUTE } as const;
type Step = keyof typeof MOST;

export interface DeliverOptions {
  recorder: Recorder;
  clock: Clock;
  groups: ProcessGroups;
  git: Git;
  env: Record<string, string>;
  workspace: string;
  /** A folder of ours outside the workspace. */
  scratch: string;
  order: Pick<
    WorkOrder,
    "taskId" | "title" | "deliver" | "commits" | "pushBranch" | "repository" | "checks" | "artifacts"
  >;
  /** How git was led to the forwarder, whose address nobody knows. */
  gitSettings: readonly (readonly [key: string, value: string])[];
  engineTitle: string;
  /** What the repository asked for when the task began. */
  declared: Declared;
  base: string;
  /** The agent's last words. */
  summary: string;
  /** The agent did what it was asked, as far as is known without the checks. */
  isDone: boolean;
  store: (signal: AbortSignal) => StoreFile;
  /** A step begins: the signal that ends it, after at most so long. */
  begin: (name: Step, most: number) => { signal: AbortSignal; left: number; clear(): void };
}

export interface Declared {
  readonly checks: readonly string[];
  readonly artifacts: readonly string[];
}
export type Delivered = Pick<Outcome, "commit" | "commits" | "branch" | "checks">;
export const NOTHING_DELIVERED: Delivered = { commit: null, commits: [], branch: null, checks: [] };

/** Commit, checks, artifacts, push: each has its own time, and what fails costs the others nothing. */
export async function deliverRun(options: DeliverOptions): Promise<Delivered> {
  return new Delivery(options).run();
}

class Delivery {
  readonly #options: DeliverOptions;
  #commit: string | null = null;
  /** Also when it could not be made into a commit. */
  #hasChanged = true;
  #commits: readonly string[] = [];
  #branch: string | null = null;
  #checks: CheckResult[] = [];
  readonly #logs: { name: string; path: string }[] = [];

  constructor(options: DeliverOptions) {
    this.#options = options;
  }

  async run(): Promise<Delivered> {
    const { order, declared, isDone } = this.#options;
    const { deliver } = order;
    const committed = await this.#step("commit", (signal) => this.#makeCommit(signal));
    const commands = [...new Set([...order.checks, ...declared.checks])];
    if (isDone && commands.length > 0) await this.#check(commands, committed);
    if (deliver !== "none" || order.artifacts.length > 0)
      await this.#step("artifacts", (signal) => this.#sendArtifacts(signal));
    const { repository, pushBranch } = order;
    if (pushBranch !== null && repository !== null && deliver !== "none" && deliver !== "files")
      await this.#pushIfAllowed(repository.url, pushBranch);
    return { commit: this.#commit, commits: [...this.#commits], branch: this.#branch, checks: this.#checks };
  }

  /** What went wrong, or null. A step never throws. */
  async #step(
    name: Step,
    work: (signal: AbortSignal, left: number) => Promise<string | null>,
  ): Promise<string | null> {
    const { begin } = this.#options;
    const { signal, left, clear } = begin(name, MOST[name]);
    if (signal.aborted) return "The run was stopped.";
    try {
      const problem = await inPhase(this.#options, name, async () => {
        if (left <= 0) return "There was no time left for it.";
        return work(signal, left).catch((error: unknown) => messageOf(error));
      });
      if (problem !== null) await this.#notice(problem);
      return problem;
    } finally {
      clear();
    }
  }

  async #makeCommit(signal: AbortSignal): Promise<string | null> {
    const { order, engineTitle, summary } = this.#options;
    const message = commitMessage({ summary, title: order.title, engineTitle });
    const made = await commitWork({ ...this.#options, commits: order.commits, message, signal });
    if (!made.ok) return made.problem;
    for (const text of made.notices) await this.#notice(text);
    this.#commit = made.commit;
    this.#commits = made.commits;
    this.#hasChanged = made.commit !== null;
    if (!this.#hasChanged && order.pushBranch !== null)
      await this.#notice("Nothing has changed: there is no commit to push.", "info");
    return null;
  }

  async #check(commands: readonly string[], noCommit: string | null): Promise<void> {
    const { base } = this.#options;
    await this.#step("checks", async (signal, timeoutMs) => {
      // Nothing else may be called checked.
      const run = noCommit === null ? commands : [];
      const commit = this.#commit ?? base;
      const onOutput = async (name: string, path: string, bytes: number): Promise<void> => {
        if (bytes === 0 || this.#options.order.deliver === "none") return;
        // Later: storage that is away must not cost a check its time.
        this.#logs.push({ name, path });
      };
      this.#checks = await runChecks({
        ...this.#options,
        commit,
        commands: run,
        timeoutMs,
        signal,
        onOutput,
      });
      return this.#failedChecks();
    });
    // Whatever kept a check from running, it has not passed.
    for (const command of commands.slice(this.#checks.length))
      this.#checks.push({ command, passed: false, exitCode: null, durationMs: 0 });
  }

  #failedChecks(): string | null {
    const failed = this.#checks.filter(({ passed }) => !passed);
    const named = failed.map(({ command }) => JSON.stringify(command)).join(", ");
    return failed.length === 0 ? null : `${failed.length} of ${this.#checks.length} checks failed: ${named}.`;
  }

  async #sendArtifacts(signal: AbortSignal): Promise<string | null> {
    const { order, declared, base, recorder } = this.#options;
    const options = this.#artifacts(signal);
    const wantsAll = order.deliver !== "none";
    const patterns = [...new Set([...order.artifacts, ...(wantsAll ? declared.artifacts : [])])];
    const problems: (string | null)[] = [];
    for (const { name, path } of this.#logs) problems.push(await sendFile(options, "log", name, path));
    if (this.#hasChanged && wantsAll) {
      const lost = await sendWorkspace(options, base, this.#commit);
      const data = { kind: "files", location: ARCHIVE_NAME } as const;
      if (lost === null) await recorder.record({ type: "delivery", data });
      problems.push(lost);
    }
    problems.push(await sendFiles(options, patterns));
    return problems.filter((problem) => problem !== null).join("\n") || null;
  }

  #artifacts(signal: AbortSignal): ArtifactsOptions {
    const { clock, store } = this.#options;
    return { ...this.#options, signal, store: store(signal), now: () => clock.now() };
  }

  async #pushIfAllowed(url: string, branch: string): Promise<void> {
    const { order, isDone } = this.#options;
    const isOwn = branch.startsWith(`${BRANCH_PREFIX}/${order.taskId}/`);
    if (this.#commit === null) return;
    // The task's own branch is a safe place for half a work; a branch of other people is not.
    if (!isOwn && (!isDone || this.#failedChecks() !== null))
      return this.#notice(`Nothing was pushed to ${branch}: the work is not complete.`);
    const commit = this.#commit;
    await this.#step("push", (signal) => this.#push({ url, branch, isOwn, commit, signal }));
  }

  async #push(target: { url: string; branch: string; isOwn: boolean; commit: string; signal: AbortSignal }) {
    const { git, recorder } = this.#options;
    const first = await pushBranch({ git, ...target });
    const pushed = first.kind === "behind" && !target.isOwn ? await this.#pushRebased(target) : first;
    if (pushed.kind !== "pushed")
      return asPeopleKnowIt(`${pushed.problem}\nThe work is kept as files.`, this.#options.gitSettings);
    this.#branch = target.branch;
    const commits = [...this.#commits];
    const data = { kind: "branch" as const, location: target.branch, commits };
    await recorder.record({ type: "delivery", data });
    return null;
  }

  async #pushRebased(target: {
    url: string;
    branch: string;
    commit: string;
    signal: AbortSignal;
  }): Promise<Pushed> {
    const made = await cleanCheckout({ ...this.#options, ...target });
    if (!made.ok) return { kind: "refused", problem: made.problem };
    const { checkout } = made;
    try {
      const { git } = checkout;
      const rebased = await rebaseWork({ ...target, git, base: this.#options.base });
      if (!rebased.ok) return { kind: "refused", problem: rebased.problem };
      const pushed = await pushBranch({ ...target, git, commit: rebased.commit, isOwn: false });
      if (pushed.kind === "pushed") {
        this.#commit = rebased.commit;
        this.#commits = rebased.commits;
        await this.#notice(
          `${target.branch} had moved: the work was put on top of it after the checks.`,
          "info",
        );
      }
      return pushed;
    } finally {
      await checkout.remove().catch(() => undefined);
    }
  }

  async #notice(text: string, level: "info" | "warn" = "warn"): Promise<void> {
    await this.#options.recorder.record({ type: "notice", data: { level, text } });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
