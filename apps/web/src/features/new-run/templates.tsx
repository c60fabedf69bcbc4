import { useState } from "react";
import { api } from "../../lib/api.ts";
import { useResource } from "../../lib/resource.ts";
import { visible } from "../../lib/odd-characters.ts";
import { attempt } from "../../ui/toasts.tsx";
import { taskOf } from "./draft.ts";
import type { Draft } from "./draft.ts";
import { draftFrom } from "./loaded-draft.ts";

interface TemplatesProps {
  draft: Draft;
  onUse: (draft: Draft) => void;
}

/** Forms kept on the server under a name: for all devices, and for the command line. */
export function Templates({ draft, onUse }: TemplatesProps) {
  const templates = useResource((signal) => api.templates({ signal }), "templates");
  const [name, setName] = useState("");
  // Values of variables may be secrets, and secrets are: a template is read by all devices.
  const save = async () => {
    if (
      await attempt(
        () => api.createTemplate({ name, task: taskOf({ ...draft, env: {}, secrets: {} }) }),
        "Template saved",
      )
    ) {
      setName("");
      templates.reload();
    }
  };
  if (templates.state !== "ready") return null;
  return (
    <div className="templates">
      {templates.data.length > 0 && (
        <label className="template-choice">
          <span>Template</span>
          <select
            value=""
            onChange={(event) => {
              const chosen = templates.data.find((template) => template.id === event.target.value);
              if (chosen !== undefined) onUse(draftFrom(chosen));
            }}
          >
            <option value="">Choose…</option>
            {templates.data.map((template) => (
              <option key={template.id} value={template.id}>
                {visible(template.name)}
              </option>
            ))}
          </select>
        </label>
      )}
      <details className="template-save">
        <summary>Save as a template</summary>
        <div className="button-row">
          <input
            aria-label="Name of the template"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <button type="button" className="button" disabled={name.trim() === ""} onClick={() => void save()}>
            Save
          </button>
        </div>
      </details>
    </div>
  );
}
