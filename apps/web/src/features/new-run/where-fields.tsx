import { api } from "../../lib/api.ts";
import { useResource } from "../../lib/resource.ts";
import { Field } from "../../ui/field.tsx";
import { Estimate } from "../estimate/estimate.tsx";
import type { FormPart } from "./form-part.ts";
import { SecretsUsed } from "./secrets-used.tsx";

export function WhereFields({ draft, problems, onChange }: FormPart) {
  const engines = useResource((signal) => api.engines({ signal }), "engines");
  const providers = useResource((signal) => api.providers({ signal }), "providers");
  return (
    <div className="grid">
      <RepositoryFields draft={draft} problems={problems} onChange={onChange} />
      <Choice
        label="Engine"
        value={draft.engine}
        options={engines.data ?? [{ id: draft.engine, title: draft.engine, ready: true }]}
        onChange={(engine) => onChange({ engine })}
      />
      <Field label="Model" problem={problems["model"]} hint="Left empty: the engine's own choice.">
        {(aria) => (
          <input
            {...aria}
            value={draft.model}
            onChange={(event) => onChange({ model: event.target.value })}
          />
        )}
      </Field>
      <Choice
        label="Provider"
        value={draft.provider}
        options={providers.data ?? [{ id: draft.provider, title: draft.provider, ready: true }]}
        onChange={(provider) => onChange({ provider })}
      />
      {draft.engine === "command" && (
        <Field
          label="Command"
          problem={problems["command"]}
          className="span-3"
          hint="Run by a shell in the workspace."
        >
          {(aria) => (
            <input
              {...aria}
              value={draft.command}
              onChange={(event) => onChange({ command: event.target.value })}
            />
          )}
        </Field>
      )}
      <Estimate repository={draft.repository} engine={draft.engine} model={draft.model} />
      <SecretsUsed
        draft={draft}
        vendor={engines.data?.find(({ id }) => id === draft.engine)?.vendor ?? null}
      />
    </div>
  );
}

function RepositoryFields({ draft, problems, onChange }: FormPart) {
  const repositories = useResource((signal) => api.recentRepositories({ signal }), "recent");
  return (
    <>
      <Field
        label="Repository"
        problem={problems["repository"]}
        className="span-2"
        hint="Left empty: an empty folder."
      >
        {(aria) => (
          <input
            {...aria}
            type="url"
            list="repositories"
            placeholder="https://github.com/owner/name"
            value={draft.repository}
            onChange={(event) => onChange({ repository: event.target.value })}
          />
        )}
      </Field>
      <datalist id="repositories">
        {(repositories.data ?? []).map(({ url }) => (
          <option key={url} value={url} />
        ))}
      </datalist>
      <Field label="Branch" problem={problems["branch"]} hint="Left empty: the default one.">
        {(aria) => (
          <input
            {...aria}
            value={draft.branch}
            onChange={(event) => onChange({ branch: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: readonly { id: string; title: string; ready: boolean }[];
  onChange: (value: string) => void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  const chosen = options.find((option) => option.id === value);
  return (
    <Field label={label} hint={chosen?.ready === false ? "It is not ready on this machine." : ""}>
      {(aria) => (
        <select {...aria} value={value} onChange={(event) => onChange(event.target.value)}>
          {options.map((option) => (
            <option key={option.id} value={option.id}>
              {option.title}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
