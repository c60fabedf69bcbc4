/** The process groups of the runner's own children (git, hooks): whatever they left behind goes with the runner. */
export class ProcessGroups {
  readonly #live = new Set<number>();
  /** Programs of ours that run to their end just now: nobody else can join the group of one. */
  readonly #ours = new Set<number>();

  add(pid: number): void {
    this.#live.add(pid);
  }

  /** As `add`, and it is no work of the agent. */
  addOurs(pid: number): void {
    this.add(pid);
    this.#ours.add(pid);
  }

  isOurs(group: number): boolean {
    return this.#ours.has(group);
  }

  get hasOurs(): boolean {
    return this.#ours.size > 0;
  }

  /** Ends what is left of a group, also when its leader is gone already. */
  kill(pid: number): void {
    this.#ours.delete(pid);
    if (!this.#live.delete(pid)) return;
    signalGroup(pid, "SIGKILL");
  }

  /** SIGTERM: they may put things in order. */
  askToEnd(): void {
    for (const pid of this.#live) signalGroup(pid, "SIGTERM");
  }

  get live(): readonly number[] {
    return [...this.#live];
  }

  killAll(): void {
    for (const pid of this.#live) this.kill(pid);
  }
}

function signalGroup(pid: number, signal: "SIGKILL" | "SIGTERM"): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: nothing is left of the group.
  }
}
