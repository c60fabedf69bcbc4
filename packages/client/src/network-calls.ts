import { accountNetworkSchema } from "@agency/contract";
import type { AccountNetwork, ChangeNetworkInput } from "@agency/contract";
import { finish } from "./calls.ts";
import type { Call } from "./calls.ts";
import { call, send } from "./connection.ts";
import type { Connection } from "./connection.ts";

/** What the runs of the account may reach. */
export interface NetworkCalls {
  network(options?: Call): Promise<AccountNetwork>;
  changeNetwork(change: ChangeNetworkInput, options?: Call): Promise<AccountNetwork>;
  /** Makes the list, or replaces what is on it. */
  setNetworkList(name: string, hosts: readonly string[], options?: Call): Promise<AccountNetwork>;
  removeNetworkList(name: string, options?: Call): Promise<void>;
}

export function networkCalls(connection: Connection): NetworkCalls {
  const path = "/v1/network";
  const list = (name: string) => `${path}/lists/${encodeURIComponent(name)}`;
  return {
    network: ({ signal } = {}) => call(connection, { path, signal }, accountNetworkSchema),
    changeNetwork: (body, { signal } = {}) =>
      call(connection, { method: "PATCH", path, body, signal }, accountNetworkSchema),
    setNetworkList: (name, hosts, { signal } = {}) =>
      call(connection, { method: "PUT", path: list(name), body: { hosts }, signal }, accountNetworkSchema),
    removeNetworkList: async (name, { signal } = {}) =>
      finish(await send(connection, { method: "DELETE", path: list(name), signal })),
  };
}
