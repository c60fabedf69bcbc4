import type { AccountNetwork } from "@agency/contract";
import { useState } from "react";
import { api } from "../../../lib/api.ts";
import { Field } from "../../../ui/field.tsx";
import { changeProblem, reachOf, standardOf } from "./network-form.ts";
import type { Reach } from "./network-form.ts";
import { useSave } from "./use-save.ts";

const REACHES: readonly [Reach, string][] = [
  ["", "Not set: the public internet"],
  ["internet", "The public internet"],
  ["hosts", "Some hosts"],
  ["none", "Nothing"],
];

/** Of runs that do not say. */
export function DefaultNetwork({ network, onSaved }: { network: AccountNetwork; onSaved: () => void }) {
  const [form, setForm] = useState(() => reachOf(network.default));
  const [sent, setSent] = useState(false);
  const { busy, refused, forget, save } = useSave(onSaved);
  const standard = standardOf(form.reach, form.hosts);
  const problem = changeProblem({ default: standard });
  const change = (part: Partial<typeof form>) => {
    setForm({ ...form, ...part });
    setSent(false);
    forget();
  };
  return (
    <form
      className="settings-body"
      onSubmit={(event) => {
        event.preventDefault();
        setSent(true);
        if (problem === undefined)
          void save(
            async () => setForm(reachOf((await api.changeNetwork({ default: standard })).default)),
            "New runs begin with it",
          );
      }}
    >
      <ReachField
        reach={form.reach}
        problem={form.reach === "hosts" ? undefined : refused}
        onChange={change}
      />
      {form.reach === "hosts" && (
        <HostsField
          hosts={form.hosts}
          problem={refused ?? (sent || form.hosts.trim() !== "" ? problem : undefined)}
          lists={network.lists}
          onChange={change}
        />
      )}
      <div className="button-row">
        <button type="submit" className="button button-primary" disabled={busy}>
          {busy ? "Saving" : "Set the default"}
        </button>
      </div>
    </form>
  );
}

interface ReachFieldProps {
  reach: Reach;
  problem: string | undefined;
  onChange: (part: { reach: Reach }) => void;
}

function ReachField({ reach, problem, onChange }: ReachFieldProps) {
  return (
    <Field
      label="Default network"
      problem={problem}
      hint="For runs that do not say. A run that goes on from another one takes over its network."
    >
      {(aria) => (
        <select
          {...aria}
          value={reach}
          onChange={({ target }) =>
            onChange({ reach: REACHES.find(([known]) => known === target.value)?.[0] ?? "" })
          }
        >
          {REACHES.map(([known, label]) => (
            <option key={known} value={known}>
              {label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface HostsFieldProps extends Pick<AccountNetwork, "lists"> {
  hosts: string;
  problem: string | undefined;
  onChange: (part: { hosts: string }) => void;
}

function HostsField({ hosts, problem, lists, onChange }: HostsFieldProps) {
  const named = lists.length === 0 ? "" : ` Your lists: ${lists.map(({ name }) => name).join(", ")}.`;
  return (
    <Field
      label="Hosts and lists"
      problem={problem}
      hint={`One a line. dev: package registries and code hosts.${named}`}
    >
      {(aria) => (
        <textarea
          {...aria}
          rows={4}
          className="code-input"
          spellCheck={false}
          placeholder={"dev\n*.example.com"}
          value={hosts}
          onChange={(event) => onChange({ hosts: event.target.value })}
        />
      )}
    </Field>
  );
}
