import type { AccountNetwork } from "@agency/contract";
import { useState } from "react";
import { api } from "../../../lib/api.ts";
import { Field } from "../../../ui/field.tsx";
import { hostsIn, listProblems } from "./network-form.ts";
import { useSave } from "./use-save.ts";

interface ListFormProps {
  /** Null: a new one. */
  list: AccountNetwork["lists"][number] | null;
  /** Whoever comes to it goes on in its first field. */
  focused: boolean;
  onSaved: () => void;
  onLeave: () => void;
}

export function ListForm({ list, focused, onSaved, onLeave }: ListFormProps) {
  const [name, setName] = useState(list?.name ?? "");
  const [hosts, setHosts] = useState(list?.hosts.join("\n") ?? "");
  const { busy, refused, save } = useSave(() => {
    setName("");
    setHosts("");
    onSaved();
  });
  const problems = listProblems(name, hosts);
  const complete = name !== "" && hostsIn(hosts).length > 0 && Object.keys(problems).length === 0;
  return (
    <form
      className="settings-body"
      onSubmit={(event) => {
        event.preventDefault();
        if (complete) void save(() => api.setNetworkList(name, hostsIn(hosts)), `The list ${name} is saved`);
      }}
    >
      {list === null && (
        <Field label="Name of the list" problem={problems.name} hint="Runs ask for it by that name.">
          {(aria) => (
            <input
              {...aria}
              autoFocus={focused}
              autoComplete="off"
              spellCheck={false}
              value={name}
              onChange={(event) => setName(event.target.value.trim())}
            />
          )}
        </Field>
      )}
      <HostsField
        value={hosts}
        problem={problems.hosts}
        focused={focused && list !== null}
        onChange={setHosts}
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

interface HostsFieldProps {
  value: string;
  problem: string | undefined;
  focused: boolean;
  onChange: (value: string) => void;
}

function HostsField({ value, problem, focused, onChange }: HostsFieldProps) {
  return (
    <Field
      label="Hosts on the list"
      problem={problem}
      hint="One a line. Without a port: 80 and 443. Runs under way that name the list have it as it is now."
    >
      {(aria) => (
        <textarea
          {...aria}
          rows={4}
          autoFocus={focused}
          className="code-input"
          spellCheck={false}
          placeholder={"docs.example.com\n*.example.org:8443"}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
