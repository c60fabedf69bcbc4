import { networkText, parseNetwork } from "@agency/contract";
import type { AccountNetwork, Network } from "@agency/contract";
import type { Client } from "@agency/client";
import { EXIT } from "../exit-codes.ts";
import { oneLine } from "../render/text.ts";
import { renderColumns } from "../render/columns.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";

type Words = readonly string[];
type Change = (client: Client, signal: AbortSignal) => Promise<AccountNetwork>;

export async function network(session: Session, action: string | undefined, words: Words): Promise<number> {
  const change = changeOf(action, words);
  const client = await session.client();
  const network = await change(client, session.signal);
  if (session.json) session.output.json(network);
  else session.output.print(linesOf(session, network));
  return EXIT.done;
}

/** What was meant is known before the server is asked anything. */
function changeOf(action: string | undefined, words: Words): Change {
  const hosts = words.flatMap((word) => word.split(",")).filter((host) => host !== "");
  switch (action) {
    case undefined:
      return (client, signal) => client.network({ signal });
    case "set":
      return setList(words[0], hosts.slice(1));
    case "rm":
      return removeList(words);
    case "close":
    case "open":
      return closeOrOpen(action, hosts);
    case "default":
      return setDefault(words);
    default:
      throw new UsageError(
        `network has no "${action}".`,
        "It is one of set, rm, close, open and default; without any, everything is shown.",
      );
  }
}

function setList(name: string | undefined, hosts: Words): Change {
  if (name === undefined || name.includes(".") || hosts.length === 0) {
    throw new UsageError("set needs a name and its hosts.", "As in: agency network set ours git.example.com");
  }
  return (client, signal) => client.setNetworkList(name, hosts, { signal });
}

function removeList([name, ...others]: Words): Change {
  if (name === undefined || others.length > 0)
    throw new UsageError("rm needs the name of one list.", "`agency network` shows them.");
  return async (client, signal) => {
    await client.removeNetworkList(name, { signal });
    return client.network({ signal });
  };
}

function closeOrOpen(action: "close" | "open", hosts: Words): Change {
  if (hosts.length === 0)
    throw new UsageError(
      `${action} needs hosts.`,
      `As in: agency network ${action} pastebin.com '*.pastebin.com'`,
    );
  return (client, signal) => client.changeNetwork({ [action]: [...hosts] }, { signal });
}

function setDefault([text, ...others]: Words): Change {
  const wanted = text === undefined || others.length > 0 ? undefined : policyOf(text);
  if (wanted === undefined) {
    throw new UsageError(
      "default needs one network policy.",
      "Write none, internet, allow:dev,example.com, or unset for the product's own default.",
    );
  }
  return (client, signal) => client.changeNetwork({ default: wanted }, { signal });
}

function policyOf(text: string): Network | null | undefined {
  return text === "unset" ? null : (parseNetwork(text) ?? undefined);
}

function linesOf({ output }: Session, { lists, never: closed, default: given }: AccountNetwork): string[] {
  const rows = [
    ["default", given === null ? "internet (not set)" : networkText(given)],
    ["closed", closed.length === 0 ? "nothing" : closed.join(" ")],
    ...lists.map(({ name, hosts }) => [`list ${name}`, hosts.join(" ")]),
  ];
  return renderColumns(
    ["WHAT", "HOSTS"],
    rows.map((row) => row.map(oneLine)),
    output.style,
  );
}
