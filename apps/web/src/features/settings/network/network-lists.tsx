import type { AccountNetwork } from "@agency/contract";
import { useState } from "react";
import { api } from "../../../lib/api.ts";
import { Confirm } from "../../../ui/confirm.tsx";
import { attempt } from "../../../ui/toasts.tsx";

type List = AccountNetwork["lists"][number];

interface ListsProps {
  lists: readonly List[];
  onEdit: (list: List) => void;
  onRemoved: (name: string) => void;
}

export function NetworkLists({ lists, onEdit, onRemoved }: ListsProps) {
  const [removing, setRemoving] = useState<List | null>(null);
  const remove = async ({ name }: List) => {
    const done = await attempt(() => api.removeNetworkList(name), `The list ${name} is removed`);
    setRemoving(null);
    if (done) onRemoved(name);
  };
  return (
    <>
      {lists.length === 0 && (
        <p className="panel-empty">
          None yet. A list gives hosts a name that runs can ask for beside dev, the built-in list of package
          registries and code hosts.
        </p>
      )}
      <ul className="settings-list settings-rows">
        {lists.map((list) => (
          <li key={list.name}>
            <div className="settings-what">
              <p>
                <code>{list.name}</code>{" "}
                <span className="quiet">
                  {list.hosts.length === 1 ? "1 host" : `${list.hosts.length} hosts`}
                </span>
              </p>
              <p className="quiet">{hostsShown(list.hosts)}</p>
            </div>
            <button
              type="button"
              className="button"
              aria-label={`Change ${list.name}`}
              onClick={() => onEdit(list)}
            >
              Change
            </button>
            <button
              type="button"
              className="button"
              aria-label={`Remove ${list.name}`}
              onClick={() => setRemoving(list)}
            >
              Remove
            </button>
          </li>
        ))}
      </ul>
      {removing !== null && (
        <Confirm
          title={`Remove the list ${removing.name}?`}
          text="What it opens is closed at once to the runs that name it. Their logs say why."
          yes="Remove it"
          no="Keep it"
          onYes={() => remove(removing)}
          onClose={() => setRemoving(null)}
        />
      )}
    </>
  );
}

const SHOWN = 5;

function hostsShown(hosts: readonly string[]): string {
  const more = hosts.length > SHOWN ? ` and ${hosts.length - SHOWN} more` : "";
  return hosts.slice(0, SHOWN).join(", ") + more;
}
