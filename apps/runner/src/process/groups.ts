/** The process groups of the runner's own children (git, hooks): whatever they left behind goes with the runner. */
export class ProcessGroups {
  readonly #live = new Set<number>();

  add(pid: number): void {
    this.#live.add(pid);
  }

  /** Ends what is left of a group, also when its leader is gone already. */
  kill(pid: number): void {
    if (!this.#live.delete(pid)) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // ESRCH: nothing is left of it.
    }
  }

  killAll(): void {
    for (const pid of this.#live) this.kill(pid);
  }
}
