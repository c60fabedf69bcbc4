import type { Retention } from "@agency/contract";
import { api } from "../../lib/api.ts";
import { duration } from "../../lib/format.ts";
import { useResource } from "../../lib/resource.ts";
import { Field } from "../../ui/field.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import { attempt } from "../../ui/toasts.tsx";

const DAY_MS = 24 * 60 * 60_000;
const CHOICES = [7, 30, 90, 365].map((days) => days * DAY_MS);
const PARTS = [
  {
    name: "eventsMs",
    label: "Events",
    hint: "The log of each step. Old ones lie compressed in the storage.",
  },
  { name: "artifactsMs", label: "Artifacts", hint: "Archives, patches and files that runs left." },
  {
    name: "checkpointsMs",
    label: "Checkpoints",
    hint: "The newest one, and those with a label, stay as long as the run.",
  },
] as const satisfies readonly { name: keyof Retention; label: string; hint: string }[];

/** Counted from the end of a run. */
export function RetentionPanel() {
  const retention = useResource((signal) => api.retention({ signal }), "retention");
  const save = async (name: keyof Retention, ms: number | null) => {
    if (await attempt(() => api.setRetention({ [name]: ms }), "It is kept for that long")) retention.reload();
  };
  return (
    <Panel title="How long what runs leave is kept">
      <Loaded resource={retention}>
        {(kept) => (
          <div className="settings-body">
            {PARTS.map(({ name, label, hint }) => (
              <Field key={name} label={label} hint={hint}>
                {(aria) => (
                  <select
                    {...aria}
                    value={kept[name] ?? "forever"}
                    onChange={({ target }) =>
                      void save(name, target.value === "forever" ? null : Number(target.value))
                    }
                  >
                    {choicesWith(kept[name]).map((ms) => (
                      <option key={ms} value={ms}>
                        {ms % DAY_MS === 0 ? `${ms / DAY_MS} days` : duration(ms)}
                      </option>
                    ))}
                    <option value="forever">As long as the run</option>
                  </select>
                )}
              </Field>
            ))}
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

function choicesWith(ms: number | null): number[] {
  const all = ms === null || CHOICES.includes(ms) ? CHOICES : [...CHOICES, ms];
  return all.toSorted((a, b) => a - b);
}
