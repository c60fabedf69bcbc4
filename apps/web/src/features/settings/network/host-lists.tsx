import type { AccountNetwork } from "@agency/contract";
import { useState } from "react";
import type { Resource } from "../../../lib/resource.ts";
import { Loaded } from "../../../ui/loaded.tsx";
import { Panel } from "../../../ui/panel.tsx";
import { ListForm } from "./list-form.tsx";
import type { ListText } from "./network-form.ts";
import { NetworkLists } from "./network-lists.tsx";
import { withTyped } from "./typed-lists.ts";
import type { TypedLists } from "./typed-lists.ts";

type List = AccountNetwork["lists"][number];

/** The lists, and the form of the one that is changed or made. */
export function HostLists({ network }: { network: Resource<AccountNetwork> & { reload: () => void } }) {
  // Not yet: nobody has been brought to the form, and nobody's focus is to be moved.
  const [editing, setEditing] = useState<List | null | "not yet">("not yet");
  const [typed, setTyped] = useState<TypedLists>(new Map());
  const list = editing === "not yet" ? null : editing;
  const shown = list?.name ?? "";
  const type = (name: string, text: ListText | null) => setTyped((before) => withTyped(before, name, text));
  /** The form of that list is over; another one may stand in its place by now. */
  const leave = (name: string) => {
    type(name, null);
    setEditing((now) => (now !== "not yet" && (now?.name ?? "") !== name ? now : null));
  };
  const changed = (name: string) => {
    leave(name);
    network.reload();
  };
  return (
    <>
      <Panel title="Lists of hosts">
        <Loaded resource={network}>
          {({ lists }) => <NetworkLists lists={lists} onEdit={setEditing} onRemoved={changed} />}
        </Loaded>
      </Panel>
      <Panel title={list === null ? "Make a list" : `Change the list ${list.name}`}>
        <ListForm
          key={shown}
          list={list}
          typed={typed.get(shown)}
          taken={network.data?.lists.map(({ name }) => name) ?? null}
          focused={editing !== "not yet"}
          onType={(text) => type(shown, text)}
          onSaved={() => changed(shown)}
          onLeave={() => leave(shown)}
        />
      </Panel>
    </>
  );
}
