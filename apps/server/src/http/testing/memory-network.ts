import { accountNetwork, changeNetwork, removeNetworkList, setNetworkList } from "@agency/control";
import type { NetworkSettings } from "@agency/core";
import type { UseCases } from "../deps.ts";

type NetworkUseCases = "network" | "changeNetwork" | "setNetworkList" | "removeNetworkList";

const BEFORE: NetworkSettings = {
  lists: new Map([["ours", ["a.example"]]]),
  closed: [],
  defaultNetwork: null,
};

/** The real use cases, over settings in memory: every account begins with a list `ours`. */
export function memoryNetwork(fail: () => void): Pick<UseCases, NetworkUseCases> {
  const accounts = new Map<string, NetworkSettings>();
  const read = async (id: string) => {
    fail();
    return accounts.get(id) ?? BEFORE;
  };
  const deps = {
    networks: {
      read,
      async change(id: string, decide: (now: NetworkSettings) => { settings: NetworkSettings }) {
        const { settings } = decide(await read(id));
        accounts.set(id, settings);
        return settings;
      },
    },
    now: () => 0,
  };
  return {
    network: (accountId) => accountNetwork(deps, accountId),
    changeNetwork: (accountId, input, by) => changeNetwork(deps, accountId, input, by),
    setNetworkList: (accountId, name, input, by) => setNetworkList(deps, accountId, name, input, by),
    removeNetworkList: (accountId, name, by) => removeNetworkList(deps, accountId, name, by),
  };
}
