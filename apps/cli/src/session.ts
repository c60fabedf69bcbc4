import { AgencyError } from "@agency/contract";
import type { Instance, SettingKey } from "@agency/contract";
import { createClient } from "@agency/client";
import type { Client } from "@agency/client";
import { loadConfig, requireUsable } from "./config.ts";
import type { Config } from "./config.ts";
import { findInstance, readApiKey } from "./instance/instance-file.ts";
import { chooseTarget } from "./instance/target.ts";
import type { Target } from "./instance/target.ts";
import type { Interrupts } from "./interrupts.ts";
import type { Output } from "./output.ts";
import type { World } from "./world.ts";

/** What a running command has in hand. */
export interface Session {
  world: World;
  output: Output;
  interrupts: Interrupts;
  /** Aborts on Ctrl-C, unless a flow handles that itself, and when nobody reads stdout any more. */
  signal: AbortSignal;
  /** Data for a program instead of text for a person. */
  json: boolean;
  /** As it is, mistakes included; everything but doctor wants `usable`. */
  config: Config;
  usable(): Config;
  instance(): Promise<Instance | null>;
  /** Throws `unavailable` when no server is known. */
  target(): Promise<Target>;
  client(): Promise<Client>;
  clientFor(target: Target): Client;
}

export interface Given {
  world: World;
  output: Output;
  interrupts: Interrupts;
  json: boolean;
  flags: Partial<Record<SettingKey, { flag: string; value: string }>>;
}

export function createSession({ world, output, interrupts, json, flags }: Given): Session {
  const config = loadConfig(world, flags);
  const clientFor = (target: Target) =>
    createClient({ baseUrl: target.url, apiKey: target.apiKey, clock: { sleep: world.clock.sleep } });
  const session: Session = {
    world,
    output,
    interrupts,
    signal: AbortSignal.any([interrupts.signal, output.closed]),
    json,
    config,
    clientFor,
    usable: () => requireUsable(config),
    instance: () => findInstance(session.usable(), world),
    client: async () => clientFor(await session.target()),
    target: async () => {
      const target = chooseTarget(session.usable(), await session.instance(), () => readApiKey(config));
      if (target !== null) return target;
      throw new AgencyError("unavailable", "Agency is not running on this machine.", {
        next: "Start it with `agency up`, or name another server with AGENCY_URL.",
      });
    },
  };
  return session;
}
