import type { Template } from "@agency/contract";
import { useState } from "react";
import { api } from "../../lib/api.ts";
import { useResource } from "../../lib/resource.ts";
import { visible } from "../../lib/odd-characters.ts";
import { attempt } from "../../ui/toasts.tsx";
import { EMPTY, taskOf } from "./draft.ts";
import type { Draft } from "./draft.ts";

interface TemplatesProps {
  draft: Draft;
  onUse: (draft: Draft) => void;
}

/** Forms kept on the server under a name: for all devices, and for the command line. */
export function Templates({ draft, onUse }: TemplatesProps) {
  const templates = useResource((signal) => api.templates({ signal }), "templates");
  const [name, setName] = useState("");
  const save = async () => {
    if (await attempt(() => api.createTemplate({ name, task: taskOf(draft) }), "Template saved")) {
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

function draftFrom({ task }: Template): Draft {
  const text = (value: unknown) =>
    typeof value === "string" || typeof value === "number" ? String(value) : "";
  const part = (value: unknown, key: string): unknown =>
    typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  const network = task["network"];
  const allow = part(network, "allow");
  const wallMs = part(task["limits"], "wallMs");
  const fields = {
    prompt: text(task["prompt"]),
    repository: text(part(task["repository"], "url")),
    branch: text(part(task["repository"], "branch")),
    engine: text(task["engine"]) || EMPTY.engine,
    model: text(task["model"]),
    provider: text(task["provider"]) || EMPTY.provider,
    command: text(task["command"]),
    hours: typeof wallMs === "number" ? String(wallMs / 3_600_000) : "",
    budget: text(part(task["limits"], "costUsd")),
    turns: text(part(task["limits"], "turns")),
    network: Array.isArray(allow) ? "hosts" : text(network) || EMPTY.network,
    hosts: Array.isArray(allow) ? allow.map(text).join(", ") : "",
    checks: Array.isArray(task["checks"]) ? task["checks"].map(text).join("\n") : "",
  };
  return { ...EMPTY, ...fields, demo: task["demo"] === true, questions: task["questions"] !== false };
}
