import { useState } from "react";
import type { AccountNetwork } from "@agency/contract";
import { api } from "../../../lib/api.ts";
import { useResource } from "../../../lib/resource.ts";
import { Loaded } from "../../../ui/loaded.tsx";
import { Panel } from "../../../ui/panel.tsx";
import { Text } from "../../../ui/text.tsx";
import { ClosedHosts } from "./closed-hosts.tsx";
import { DefaultNetwork } from "./default-network.tsx";
import { ListForm } from "./list-form.tsx";
import { NetworkLists } from "./network-lists.tsx";
import { networkWords } from "./network-words.ts";

type List = AccountNetwork["lists"][number];

/** What the runs of the account may reach. */
export function NetworkSettings() {
  const network = useResource((signal) => api.network({ signal }), "network");
  const status = useResource((signal) => api.status({ signal }), "status");
  // Not yet: nobody has been brought to the form, and nobody's focus is to be moved.
  const [editing, setEditing] = useState<List | null | "not yet">("not yet");
  const list = editing === "not yet" ? null : editing;
  const saved = () => {
    setEditing(null);
    network.reload();
  };
  return (
    <div className="settings-panels">
      <Panel title="What new runs may reach">
        <Loaded resource={network}>
          {(data) => <DefaultNetwork network={data} onSaved={network.reload} />}
        </Loaded>
      </Panel>
      <Panel title="Never open">
        <Loaded resource={network}>
          {({ never }) => <ClosedHosts never={never} onSaved={network.reload} />}
        </Loaded>
      </Panel>
      <Panel title="Lists of hosts">
        <Loaded resource={network}>
          {({ lists }) => <NetworkLists lists={lists} onEdit={setEditing} onRemoved={saved} />}
        </Loaded>
      </Panel>
      <Panel title={list === null ? "Make a list" : `Change the list ${list.name}`}>
        <ListForm
          key={list?.name ?? ""}
          list={list}
          focused={editing !== "not yet"}
          onSaved={saved}
          onLeave={() => setEditing(null)}
        />
      </Panel>
      <Panel title="What always holds" className="settings-wide">
        <Loaded resource={status}>
          {({ settings }) => (
            <ul className="settings-body settings-words">
              {networkWords(settings).map((sentence) => (
                <li key={sentence}>
                  <Text>{sentence}</Text>
                </li>
              ))}
            </ul>
          )}
        </Loaded>
      </Panel>
    </div>
  );
}
