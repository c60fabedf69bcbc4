import type { ProcessInfo, Processes } from "../world.ts";
import { NOW } from "./builders.ts";

interface FakeProcesses extends Processes {
  readonly alive: Map<number, ProcessInfo>;
  readonly became: { args: string[]; env: Readonly<Record<string, string | undefined>> }[];
  readonly launched: string[][];
  readonly signalled: number[];
  onStart: (options: Parameters<Processes["startNode"]>[1]) => void;
  onSignal: (pid: number) => void;
  onAttach: (command: string, args: string[]) => number | null;
}

export const serverProcess: ProcessInfo = {
  command: "/usr/bin/node /opt/agency/apps/server/src/main.ts",
  startedAtMs: NOW - 1000,
};

/** A machine on which nothing runs but what the test puts there. */
export function fakeProcesses(): FakeProcesses {
  const fake: FakeProcesses = {
    alive: new Map(),
    became: [],
    launched: [],
    signalled: [],
    onStart: () => {},
    onSignal: (pid) => void fake.alive.delete(pid),
    onAttach: () => 0,
    startNode: (_, options) => {
      fake.onStart(options);
      return { pid: 4242, exited: new Promise(() => {}) };
    },
    becomeNode: (args, env) => void fake.became.push({ args, env }),
    capture: async (command) => ({ code: 0, output: `${command} 1.0` }),
    run: async () => null,
    attach: async (command, args) => fake.onAttach(command, args),
    launch: (command, args) => void fake.launched.push([command, ...args]),
    signal: (pid) => {
      fake.signalled.push(pid);
      fake.onSignal(pid);
      return true;
    },
    inspect: async (pid) => fake.alive.get(pid) ?? null,
  };
  return fake;
}
