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
  const { busy, refused, forget, save } = useSave(onSaved);
  const standard = standardOf(form.reach, form.hosts);
  const problem = changeProblem({ default: standard });
  const [sent, setSent] = useState(false);
  const change = (part: Partial<typeof form>) => {
    setForm({ ...form, ...part });
    forget();
  };
  return (
    <form
      className="settings-body"
      onSubmit={(event) => {
        event.preventDefault();
        setSent(true);
        if (problem === undefined)
          void save(() => api.changeNetwork({ default: standard }), "New runs begin with it");
      }}
    >
      <Field
        label="Default network"
        hint="For runs that do not say. A run that goes on from another one takes over its network."
      >
        {(aria) => (
          <select
            {...aria}
            value={form.reach}
            onChange={({ target }) =>
              change({ reach: REACHES.find(([reach]) => reach === target.value)?.[0] ?? "" })
            }
          >
            {REACHES.map(([reach, label]) => (
              <option key={reach} value={reach}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      {form.reach === "hosts" && (
        <Field
          label="Hosts and lists"
          problem={refused ?? (sent || form.hosts.trim() !== "" ? problem : undefined)}
          hint={`One a line. dev: package registries and code hosts.${namesOf(network)}`}
        >
          {(aria) => (
            <textarea
              {...aria}
              rows={4}
              className="code-input"
              spellCheck={false}
              placeholder={"dev\n*.example.com"}
              value={form.hosts}
              onChange={(event) => change({ hosts: event.target.value })}
            />
          )}
        </Field>
      )}
      {form.reach !== "hosts" && refused !== undefined && (
        <p className="field-error" role="alert">
          {refused}
        </p>
      )}
      <div className="button-row">
        <button type="submit" className="button button-primary" disabled={busy}>
          {busy ? "Saving" : "Set the default"}
        </button>
      </div>
    </form>
  );
}

function namesOf({ lists }: AccountNetwork): string {
  return lists.length === 0 ? "" : ` Your lists: ${lists.map(({ name }) => name).join(", ")}.`;
}
