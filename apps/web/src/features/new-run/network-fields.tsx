import { api } from "../../lib/api.ts";
import { useResource } from "../../lib/resource.ts";
import { Field } from "../../ui/field.tsx";
import { reachText } from "../settings/network/network-form.ts";
import type { FormPart } from "./form-part.ts";
import { withHost } from "./with-host.ts";

/** A run that goes on from another one has its network, and not the default, when it says nothing. */
export function NetworkFields({ draft, problems, onChange, goesOn }: FormPart & { goesOn: boolean }) {
  const network = useResource((signal) => api.network({ signal }), "network");
  const byDefault = network.data === null ? "" : `: ${reachText(network.data)}`;
  const names = ["dev", ...(network.data?.lists ?? []).map(({ name }) => name)];
  return (
    <>
      <Field label="Network" hint="Private networks stay closed in every case.">
        {(aria) => (
          <select
            {...aria}
            value={draft.network}
            onChange={(event) => onChange({ network: event.target.value })}
          >
            <option value="">{goesOn ? "As the run it goes on from" : `The default${byDefault}`}</option>
            <option value="internet">The public internet</option>
            <option value="hosts">Some hosts</option>
            <option value="none">Nothing</option>
          </select>
        )}
      </Field>
      {draft.network === "hosts" && (
        <div className="span-2">
          <Field
            label="Hosts"
            problem={problems["hosts"]}
            hint="With commas; dev: package registries and code hosts. More lists: Settings, Network."
          >
            {(aria) => (
              <input
                {...aria}
                placeholder="dev, *.example.com"
                value={draft.hosts}
                onChange={(event) => onChange({ hosts: event.target.value })}
              />
            )}
          </Field>
          <div className="button-row" role="group" aria-label="Add a list">
            {names.map((name) => (
              <button
                key={name}
                type="button"
                className="button"
                onClick={() => onChange({ hosts: withHost(draft.hosts, name) })}
              >
                Add {name}
              </button>
            ))}
          </div>
        </div>
      )}
    </>
  );
}
