import { api } from "../../../lib/api.ts";
import { useResource } from "../../../lib/resource.ts";
import { Loaded } from "../../../ui/loaded.tsx";
import { Panel } from "../../../ui/panel.tsx";
import { Text } from "../../../ui/text.tsx";
import { ClosedHosts } from "./closed-hosts.tsx";
import { DefaultNetwork } from "./default-network.tsx";
import { HostLists } from "./host-lists.tsx";
import { networkWords } from "./network-words.ts";

/** What the runs of the account may reach. */
export function NetworkSettings() {
  const network = useResource((signal) => api.network({ signal }), "network");
  const status = useResource((signal) => api.status({ signal }), "status");
  return (
    <div className="settings-panels">
      <Panel title="What new runs may reach">
        <Loaded resource={network}>
          {(data) => <DefaultNetwork network={data} onSaved={network.reload} />}
        </Loaded>
      </Panel>
      <Panel title="Closed to every run">
        <Loaded resource={network}>
          {({ never }) => <ClosedHosts never={never} onSaved={network.reload} />}
        </Loaded>
      </Panel>
      <HostLists network={network} />
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
