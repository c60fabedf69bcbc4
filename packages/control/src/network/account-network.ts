import { AgencyError, listsOf, MOST_LISTS, networkText } from "@agency/contract";
import type { AccountNetwork, ChangeNetwork, Network, SetNetworkList } from "@agency/contract";
import type { AuditRow, NetworkSettings, NetworkStore } from "@agency/core";
import { uuidv7 } from "../ids.ts";
import { closedAfter } from "./closed-after.ts";
import { isThere } from "./is-there.ts";
import { unknownList } from "./unknown-list.ts";

export interface NetworkDeps {
  networks: Pick<NetworkStore, "read" | "change">;
  now: () => number;
}

type Told = Pick<AuditRow, "action" | "target" | "detail">;

export async function accountNetwork(
  { networks }: Pick<NetworkDeps, "networks">,
  accountId: string,
): Promise<AccountNetwork> {
  return toAccountNetwork(await networks.read(accountId));
}

export async function changeNetwork(
  deps: NetworkDeps,
  accountId: string,
  input: ChangeNetwork,
  by: string,
): Promise<AccountNetwork> {
  return change(deps, accountId, by, (settings) => {
    const closed = closedAfter(settings, input);
    const defaultNetwork = input.default === undefined ? settings.defaultNetwork : input.default;
    for (const name of listsOf(defaultNetwork ?? "internet")) {
      if (!isThere(settings, name)) throw unknownList(name, "default");
    }
    const isMoved = defaultText(defaultNetwork) !== defaultText(settings.defaultNetwork);
    const told = {
      ...(isMoved ? { default: defaultText(defaultNetwork) } : {}),
      ...joined("closed", without(closed, settings.closed)),
      ...joined("opened", without(settings.closed, closed)),
    };
    return [
      { ...settings, closed, defaultNetwork },
      { action: "network.set", target: "account", detail: told },
    ];
  });
}

export async function setNetworkList(
  deps: NetworkDeps,
  accountId: string,
  name: string,
  { hosts: wanted }: SetNetworkList,
  by: string,
): Promise<AccountNetwork> {
  return change(deps, accountId, by, (settings) => {
    const before = settings.lists.get(name) ?? [];
    const hosts = [...new Set(wanted)];
    if (!settings.lists.has(name) && settings.lists.size >= MOST_LISTS) throw tooMany();
    const lists = new Map(
      [...settings.lists, [name, hosts] as const].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
    const detail = {
      ...joined("added", without(hosts, before)),
      ...joined("removed", without(before, hosts)),
    };
    return [
      { ...settings, lists },
      { action: "network.list_set", target: name, detail },
    ];
  });
}

/** Tasks that name it and wait or run keep its name, and nothing behind it is open to them any more. */
export async function removeNetworkList(
  deps: NetworkDeps,
  accountId: string,
  name: string,
  by: string,
): Promise<void> {
  await change(deps, accountId, by, (settings) => {
    const hosts = settings.lists.get(name);
    if (hosts === undefined) throw new AgencyError("not_found", `There is no network list "${name}".`);
    if (listsOf(settings.defaultNetwork ?? "internet").includes(name)) throw stillDefault(name);
    const lists = new Map([...settings.lists].filter(([other]) => other !== name));
    const detail = joined("removed", hosts);
    return [
      { ...settings, lists },
      { action: "network.list_remove", target: name, detail },
    ];
  });
}

async function change(
  { networks, now }: NetworkDeps,
  accountId: string,
  actor: string,
  decide: (settings: NetworkSettings) => [NetworkSettings, Told],
): Promise<AccountNetwork> {
  const changed = await networks.change(accountId, (before) => {
    const [settings, told] = decide(before);
    // What is set to what it was leaves no trace: an entry that names no change tells nobody anything.
    if (Object.keys(told.detail).length === 0) return { settings: before, audit: null };
    const at = now();
    return { settings, audit: { id: uuidv7(at), accountId, actor, at, ...told } };
  });
  return toAccountNetwork(changed);
}

function tooMany(): AgencyError {
  return new AgencyError("conflict", `There are ${MOST_LISTS} network lists already.`, {
    next: "Remove one first.",
  });
}

function stillDefault(name: string): AgencyError {
  return new AgencyError("conflict", `New tasks get the list "${name}" by default.`, {
    next: "Change the default network first: agency network default internet.",
  });
}

function defaultText(network: Network | null): string {
  return network === null ? "not set" : networkText(network);
}

function without(hosts: readonly string[], others: readonly string[]): string[] {
  return hosts.filter((host) => !others.includes(host));
}

function joined(key: string, hosts: readonly string[]): Record<string, string> {
  return hosts.length === 0 ? {} : { [key]: hosts.join(",") };
}

function toAccountNetwork({ lists, closed, defaultNetwork }: NetworkSettings): AccountNetwork {
  return {
    lists: [...lists].map(([name, hosts]) => ({ name, hosts: [...hosts] })),
    never: [...closed],
    default: defaultNetwork,
  };
}
