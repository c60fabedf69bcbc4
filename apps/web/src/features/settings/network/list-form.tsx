import type { AccountNetwork } from "@agency/contract";
import { api } from "../../../lib/api.ts";
import { Field } from "../../../ui/field.tsx";
import { HostsField } from "./hosts-field.tsx";
import { hostsIn, listProblems } from "./network-form.ts";
import type { ListText } from "./network-form.ts";
import { useSave } from "./use-save.ts";

interface ListFormProps {
  /** Null: a new one. */
  list: AccountNetwork["lists"][number] | null;
  /** What was typed of it, when anything was. */
  typed: ListText | undefined;
  /** Names of the lists there are; null while they are not known. */
  taken: readonly string[] | null;
  /** Whoever comes to it goes on in its first field. */
  focused: boolean;
  onType: (typed: ListText) => void;
  onSaved: () => void;
  onLeave: () => void;
}

export function ListForm({ list, taken, focused, onType, onSaved, onLeave, ...rest }: ListFormProps) {
  const typed = rest.typed ?? textOf(list);
  const { name, hosts } = typed;
  const { busy, refused, save } = useSave(onSaved);
  const problems = listProblems(typed, list === null ? (taken ?? []) : []);
  const complete = isComplete(typed) && Object.keys(problems).length === 0 && taken !== null;
  return (
    <form
      className="settings-body"
      onSubmit={(event) => {
        event.preventDefault();
        if (complete && !busy)
          void save(() => api.setNetworkList(name, hostsIn(hosts)), `The list ${name} is saved`);
      }}
    >
      {list === null && (
        <NameField
          name={name}
          problem={problems.name}
          readOnly={busy}
          autoFocus={focused}
          onChange={(text) => onType({ ...typed, name: text })}
        />
      )}
      <HostsField
        label="Hosts on the list"
        hint="One a line. Without a port: 80 and 443. Runs under way that name the list have it as it is now."
        placeholder={"docs.example.com\n*.example.org:8443"}
        value={hosts}
        problem={problems.hosts}
        readOnly={busy}
        autoFocus={focused && list !== null}
        onChange={(text) => onType({ ...typed, hosts: text })}
      />
      {refused !== undefined && (
        <p className="field-error" role="alert">
          {refused}
        </p>
      )}
      <div className="button-row">
        <button type="submit" className="button button-primary" disabled={!complete || busy}>
          {busy ? "Saving" : "Save the list"}
        </button>
        {list !== null && (
          <button type="button" className="button" onClick={onLeave}>
            Leave it as it is
          </button>
        )}
      </div>
    </form>
  );
}

function textOf(list: ListFormProps["list"]): ListText {
  return list === null ? { name: "", hosts: "" } : { name: list.name, hosts: list.hosts.join("\n") };
}

function isComplete({ name, hosts }: ListText): boolean {
  return name !== "" && hostsIn(hosts).length > 0;
}

interface NameFieldProps {
  name: string;
  problem: string | undefined;
  readOnly: boolean;
  autoFocus: boolean;
  onChange: (name: string) => void;
}

function NameField({ name, problem, readOnly, autoFocus, onChange }: NameFieldProps) {
  return (
    <Field label="Name of the list" problem={problem} hint="Runs ask for it by that name.">
      {(aria) => (
        <input
          {...aria}
          autoFocus={autoFocus}
          autoComplete="off"
          spellCheck={false}
          value={name}
          readOnly={readOnly}
          onChange={(event) => onChange(event.target.value.trim())}
        />
      )}
    </Field>
  );
}
