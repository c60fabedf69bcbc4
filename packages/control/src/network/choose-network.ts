import { listsOf } from "@agency/contract";
import type { Network } from "@agency/contract";
import type { NetworkStore } from "@agency/core";
import { isThere } from "./is-there.ts";
import { unknownList } from "./unknown-list.ts";

/** What is open to a task when neither it nor its account says. */
const STANDARD: Network = "internet";

/** The network of a new task; refused when it names a list that is not there, which would open nothing. */
export async function chooseNetwork(
  networks: Pick<NetworkStore, "read">,
  accountId: string,
  asked: Network | undefined,
): Promise<Network> {
  if (typeof asked === "string") return asked;
  if (asked !== undefined && listsOf(asked).length === 0) return asked;
  const settings = await networks.read(accountId);
  const network = asked ?? settings.defaultNetwork ?? STANDARD;
  for (const name of listsOf(network)) if (!isThere(settings, name)) throw unknownList(name, "network.allow");
  return network;
}
