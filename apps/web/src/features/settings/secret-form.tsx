import { projectSchema, secretNameSchema } from "@agency/contract";
import { useState } from "react";
import { api } from "../../lib/api.ts";
import { Field } from "../../ui/field.tsx";
import { say } from "../../ui/toasts.tsx";
import { tell } from "../../ui/states.tsx";

const EMPTY = { name: "", value: "", project: "", check: true };
const USUAL = ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "OPENAI_API_KEY", "GITHUB_TOKEN"] as const;

interface Form {
  name: string;
  value: string;
  project: string;
  check: boolean;
}

export function SecretForm({ onSaved }: { onSaved: () => void }) {
  const [form, setForm] = useState<Form>(EMPTY);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const problems = problemsOf(form);
  const complete =
    form.name !== "" &&
    form.value.trim() !== "" &&
    Object.values(problems).every((found) => found === undefined);
  const save = async () => {
    const { name, value, project, check } = form;
    setBusy(true);
    setProblem("");
    try {
      const secret = await api.setSecret(name, { value, check, ...(project === "" ? {} : { project }) });
      say(`${secret.name} is stored`, secret.checked ?? "");
      setForm(EMPTY);
      onSaved();
    } catch (error) {
      const { detail, next } = tell(error);
      setProblem(`${detail} ${next ?? ""}`);
    }
    setBusy(false);
  };
  return (
    <form
      className="settings-body"
      onSubmit={(event) => {
        event.preventDefault();
        if (complete) void save();
      }}
    >
      <Fields form={form} problems={problems} onChange={(part) => setForm({ ...form, ...part })} />
      {problem !== "" && (
        <p className="field-error" role="alert">
          {problem}
        </p>
      )}
      <div className="button-row">
        <button type="submit" className="button button-primary" disabled={!complete || busy}>
          {busy ? "Storing" : "Store it"}
        </button>
      </div>
    </form>
  );
}

interface FieldsProps {
  form: Form;
  problems: ReturnType<typeof problemsOf>;
  onChange: (part: Partial<Form>) => void;
}

function Fields({ form: { name, value, project, check }, problems, onChange }: FieldsProps) {
  return (
    <>
      <NameField name={name} problem={problems.name} onChange={onChange} />
      <Field label="Value" hint="Encrypted when it is stored. It cannot be read back, here or by an agent.">
        {(aria) => (
          <input
            {...aria}
            type="password"
            autoComplete="off"
            value={value}
            onChange={(event) => onChange({ value: event.target.value })}
          />
        )}
      </Field>
      <Field label="Project" problem={problems.project} hint="Only for runs of this project. Empty: for all.">
        {(aria) => (
          <input
            {...aria}
            value={project}
            onChange={(event) => onChange({ project: event.target.value.trim() })}
          />
        )}
      </Field>
      <label className="choice">
        <input
          type="checkbox"
          checked={check}
          onChange={(event) => onChange({ check: event.target.checked })}
        />
        <span>
          Ask the service first whether it works
          <small>Nothing is stored when it does not.</small>
        </span>
      </label>
    </>
  );
}

interface NameFieldProps {
  name: string;
  problem: string | undefined;
  onChange: (part: Partial<Form>) => void;
}

function NameField({ name, problem, onChange }: NameFieldProps) {
  return (
    <Field label="Name" problem={problem} hint="NAME@label makes a further one of the same kind.">
      {(aria) => (
        <>
          <input
            {...aria}
            list="usual-secrets"
            autoComplete="off"
            spellCheck={false}
            value={name}
            onChange={(event) => onChange({ name: event.target.value.trim() })}
          />
          <datalist id="usual-secrets">
            {USUAL.map((usual) => (
              <option key={usual} value={usual} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}

/** Nothing is wrong with a field that nobody has written in. */
function problemsOf({ name, project }: Form) {
  return {
    name: name === "" ? undefined : secretNameSchema.safeParse(name).error?.issues[0]?.message,
    project: project === "" ? undefined : projectSchema.safeParse(project).error?.issues[0]?.message,
  };
}
