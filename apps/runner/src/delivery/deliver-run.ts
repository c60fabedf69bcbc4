import { join } from "node:path";
import type { CheckResult, Outcome, WorkOrder } from "@agency/contract";
import type { Clock } from "@agency/core";
import type { RunnerConfig } from "../config.ts";
import type { Recorder } from "../journal/recorder.ts";
import { endOthers } from "../process/end-others.ts";
import type { ProcessGroups } from "../process/groups.ts";
import { inPhase } from "../session/in-phase.ts";
import type { Git } from "../workspace/git.ts";
import { outsideAgent } from "../workspace/outside-agent.ts";
import { openOwnRepository } from "../workspace/own-repository.ts";
import type { OwnRepository } from "../workspace/own-repository.ts";
import { asPeopleKnowIt } from "../workspace/prepare-workspace.ts";
import { cleanCheckout } from "./clean-checkout.ts";
import type { Checkout } from "./clean-checkout.ts";
import { commitMessage } from "./commit-message.ts";
import { commitWork } from "./commit-work.ts";
import { hasMoved, pushBranch, rebaseWork } from "./push-branch.ts";
import type { Pushed } from "./push-branch.ts";
import { runChecks } from "./run-checks.ts";
import { ARCHIVE_NAME, sendFile, sendFiles, sendWorkspace } from "./send-artifacts.ts";
import type { ArtifactsOptions, StoreFile } from "./send-artifacts.ts";

const MINUTE = 60_000;
const MOST = {
  commit: 10 * MINUTE,
  checks: 30 * MINUTE,
  artifacts: 60 * MINUTE,
  rebase: 15 * MINUTE,
  push: 15 * MINUTE,
} as const;
export type Step = keyof typeof MOST;

export interface DeliverOptions {
  config: Pick<RunnerConfig, "home" | "tmp" | "checks" | "hasOwnProcesses">;
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
    | "taskId"
    | "title"
    | "deliver"
    | "commits"
    | "pushBranch"
    | "ontoBranch"
    | "repository"
    | "checks"
    | "artifacts"
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
  /** A step begins: the signal that ends it, after at most so long. Storing has no such end. */
  begin: (name: Step, most: number) => { signal: AbortSignal; left: number; clear(): void };
}

interface Rebased {
  readonly checkout: Checkout;
  readonly commit: string;
  readonly commits: readonly string[];
}

export interface Declared {
  readonly checks: readonly string[];
  readonly artifacts: readonly string[];
}
export type Delivered = Pick<Outcome, "commit" | "commits" | "branch" | "undelivered" | "checks">;
export const NOTHING_DELIVERED: Delivered = {
  commit: null,
  commits: [],
  branch: null,
  undelivered: null,
  checks: [],
};

/** Commit, checks, artifacts, push: each has its own time, and what fails costs the others nothing. */
export async function deliverRun(options: DeliverOptions): Promise<Delivered> {
  return new Delivery(options).run();
}

/** Its work goes out into the world. */
export function isPushed({ pushBranch, deliver }: Pick<WorkOrder, "pushBranch" | "deliver">): boolean {
  return pushBranch !== null && deliver !== "none" && deliver !== "files";
}

class Delivery {
  readonly #options: DeliverOptions;
  /** Of the workspace; null until its commit is made, and when it cannot be. */
  #repository: OwnRepository | null = null;
  #commit: string | null = null;
  /** Also when it could not be made into a commit. */
  #hasChanged = true;
  #commits: readonly string[] = [];
  #branch: string | null = null;
  /** What the commit could not take, while there is nothing else in it. */
  #leftOut: string | null = null;
  #checks: CheckResult[] = [];
  /** Sent after the checks: storage that is away must not cost a check its time. */
  #logs: { name: string; path: string }[] = [];

  constructor(options: DeliverOptions) {
    this.#options = options;
  }

  async run(): Promise<Delivered> {
    const { order, declared, isDone } = this.#options;
    const { deliver } = order;
    const crowd = await this.#alone();
    if (crowd !== null) await this.#notice(crowd);
    const committed = await this.#step("commit", (signal) => this.#makeCommit(signal));
    const commands = [...new Set([...order.checks, ...declared.checks])];
    if (isDone && commands.length > 0) await this.#check(commands, committed);
    if (deliver !== "none" || order.artifacts.length > 0)
      await this.#step("artifacts", (signal) => this.#sendArtifacts(signal));
    const { repository, pushBranch } = order;
    const isWanted = pushBranch !== null && repository !== null && isPushed(order);
    const unpushed = isWanted ? await this.#pushWork(repository.url, pushBranch) : null;
    if (this.#logs.length > 0) await this.#step("artifacts", (signal) => this.#sendLogs(signal));
    const undelivered = isWanted ? (committed ?? this.#leftOut ?? unpushed) : null;
    const work = { commit: this.#commit, commits: [...this.#commits], branch: this.#branch };
    return { ...work, undelivered, checks: this.#checks };
  }

  /** What went wrong, or null. A step never throws. */
  async #step(
    name: Step,
    work: (signal: AbortSignal, left: number) => Promise<string | null>,
  ): Promise<string | null> {
    const { begin } = this.#options;
    const { signal, left, clear } = begin(name, MOST[name]);
    try {
      if (signal.aborted) return "The run was stopped.";
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
    const opened = await openOwnRepository({ ...this.#options, env: this.#safeEnv() });
    if (!opened.ok) return opened.problem;
    const { repository } = opened;
    this.#repository = repository;
    const made = await commitWork({ ...this.#options, repository, commits: order.commits, message, signal });
    if (!made.ok) return made.problem;
    for (const text of made.notices) await this.#notice(text);
    this.#commit = made.commit;
    this.#commits = made.commits;
    this.#hasChanged = made.commit !== null || !made.isWhole;
    if (made.commit === null && !made.isWhole) this.#leftOut = made.notices.join(" ");
    if (!this.#hasChanged && order.pushBranch !== null)
      await this.#notice("Nothing has changed: there is no commit to push.", "info");
    return null;
  }

  async #check(commands: readonly string[], noCommit: string | null): Promise<void> {
    const from = this.#repository?.folder;
    // Nothing else may be called checked.
    const isThere = noCommit === null && from !== undefined;
    const commit = this.#commit ?? this.#options.base;
    await this.#runChecks(commands, isThere ? { from, commit, round: "" } : null);
  }

  /** Null: there is nothing to run them on. */
  async #runChecks(
    commands: readonly string[],
    on: { from: string; commit: string; round: string } | null,
  ): Promise<void> {
    const { order, config, scratch } = this.#options;
    const rooms = config.checks ?? join(scratch, "checks");
    // Of another commit.
    this.#checks = [];
    await this.#step("checks", async (signal, timeoutMs) => {
      const onOutput = async (name: string, path: string, bytes: number): Promise<void> => {
        if (bytes > 0 && order.deliver !== "none") this.#logs.push({ name, path });
      };
      const agents = this.#agents();
      const alone = (): Promise<string | null> => this.#alone();
      const how = { timeoutMs, signal, onOutput, agents, alone, rooms };
      if (on !== null) this.#checks = await runChecks({ ...this.#options, ...on, ...how, commands });
      return this.#failedChecks();
    });
    // Whatever kept a check from running, it has not passed.
    for (const command of commands.slice(this.#checks.length))
      this.#checks.push({ command, passed: false, exitCode: null, durationMs: 0 });
  }

  /** The folders that the agent can write to. */
  #agents(): string[] {
    const { config, workspace } = this.#options;
    return [config.home, workspace, config.tmp];
  }

  #safeEnv(): Record<string, string> {
    return outsideAgent(this.#options.env, this.#agents());
  }

  /** People's terminals are the agent's place too: they end, and may be opened again when all is handed over. */
  async #alone(): Promise<string | null> {
    return this.#options.config.hasOwnProcesses ? endOthers(this.#options) : null;
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
    problems.push(await this.#sendLogs(signal));
    if (this.#hasChanged && wantsAll) {
      const own = this.#repository;
      const commit = this.#commit;
      const work = own === null || commit === null ? null : { git: own.git, base, commit };
      const lost = await sendWorkspace(options, work);
      const data = { kind: "files", location: ARCHIVE_NAME } as const;
      if (lost === null) await recorder.record({ type: "delivery", data });
      problems.push(lost);
    }
    problems.push(await sendFiles(options, patterns));
    return problems.filter((problem) => problem !== null).join("\n") || null;
  }

  async #sendLogs(signal: AbortSignal): Promise<string | null> {
    const options = this.#artifacts(signal);
    const problems: (string | null)[] = [];
    for (const { name, path } of this.#logs.splice(0))
      problems.push(await sendFile(options, "log", name, path));
    return problems.filter((problem) => problem !== null).join("\n") || null;
  }

  #artifacts(signal: AbortSignal): ArtifactsOptions {
    const { clock, store } = this.#options;
    return { ...this.#options, signal, store: store(signal), now: () => clock.now() };
  }

  /** Why it is not there. */
  async #pushWork(url: string, branch: string): Promise<string | null> {
    if (this.#commit === null) return null;
    const { ontoBranch } = this.#options.order;
    const isGood = this.#options.isDone && this.#failedChecks() === null;
    const rebased = ontoBranch !== null && isGood ? await this.#rebase(url, ontoBranch) : null;
    const git = rebased?.git ?? this.#repository?.git ?? this.#options.git;
    const commit = this.#commit;
    try {
      return await this.#step("push", async (signal) =>
        this.#judgePush(branch, await pushBranch({ git, url, branch, commit, signal })),
      );
    } finally {
      await rebased?.remove().catch(() => undefined);
    }
  }

  async #judgePush(branch: string, pushed: Pushed): Promise<string | null> {
    const { recorder, gitSettings } = this.#options;
    if (pushed.kind !== "pushed")
      return asPeopleKnowIt(`${pushed.problem}\nThe work is kept as files.`, gitSettings);
    this.#branch = branch;
    const data = { kind: "branch" as const, location: branch, commits: [...this.#commits] };
    await recorder.record({ type: "delivery", data });
    return null;
  }

  /** When somebody pushed before us, what is delivered is another commit, which nobody has checked yet. */
  async #rebase(url: string, onto: string): Promise<Checkout | null> {
    const { base } = this.#options;
    const commit = this.#commit ?? base;
    const from = this.#repository?.folder ?? "";
    const git = this.#repository?.git ?? this.#options.git;
    const target = { url, branch: onto, base, commit };
    let work: Rebased | null = null;
    await this.#step("rebase", async (signal) => {
      if (!(await hasMoved({ ...target, git, signal }))) return null;
      const made = await cleanCheckout({ ...this.#options, commit, env: this.#safeEnv(), from, signal });
      if (!made.ok) return made.problem;
      const { checkout } = made;
      const rebased = await rebaseWork({ ...target, git: checkout.git, signal });
      if (rebased.ok) work = { checkout, ...rebased };
      else await checkout.remove().catch(() => undefined);
      return rebased.ok ? null : rebased.problem;
    });
    return work === null ? null : this.#checkRebased(onto, work);
  }

  async #checkRebased(onto: string, { checkout, commit, commits }: Rebased): Promise<Checkout> {
    const commands = this.#checks.map(({ command }) => command);
    const from = join(checkout.folder, ".git");
    if (commands.length > 0) await this.#runChecks(commands, { from, commit, round: "-rebased" });
    this.#commit = commit;
    this.#commits = commits;
    const failed = this.#failedChecks() !== null;
    const text = `${onto} had moved: the work was put on top of it${failed ? ", where the checks do not pass" : ""}.`;
    await this.#notice(text, failed ? "warn" : "info");
    return checkout;
  }

  async #notice(text: string, level: "info" | "warn" = "warn"): Promise<void> {
    await this.#options.recorder.record({ type: "notice", data: { level, text } });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
