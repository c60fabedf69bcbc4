import type { AccountNetwork } from "@agency/contract";
import { useState } from "react";
import { api } from "../../../lib/api.ts";
import { Field } from "../../../ui/field.tsx";
import { HostsField } from "./hosts-field.tsx";
import { changeProblem, defaultOf, reachOf } from "./network-form.ts";
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
  const wanted = defaultOf(form.reach, form.hosts);
  const problem = changeProblem({ default: wanted });
  const change = (part: Partial<typeof form>) => {
    // What was saved takes its place: nothing may be lost to that.
    if (busy) return;
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
            async () => setForm(reachOf((await api.changeNetwork({ default: wanted })).default)),
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
          label="Hosts and lists"
          problem={refused ?? (sent || form.hosts.trim() !== "" ? problem : undefined)}
          hint={`One a line. dev: package registries and code hosts.${named(network.lists)}`}
          placeholder={"dev\n*.example.com"}
          value={form.hosts}
          readOnly={busy}
          onChange={(hosts) => change({ hosts })}
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

function named(lists: AccountNetwork["lists"]): string {
  return lists.length === 0 ? "" : ` Your lists: ${lists.map(({ name }) => name).join(", ")}.`;
}
