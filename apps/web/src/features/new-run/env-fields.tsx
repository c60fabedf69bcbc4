import { Field } from "../../ui/field.tsx";
import type { FormPart } from "./form-part.ts";

/** The variables of another run: their names are known here, their values only to who typed them. */
export function EnvFields({ draft: { env }, onChange }: Pick<FormPart, "draft" | "onChange">) {
  const names = Object.keys(env);
  if (names.length === 0) return null;
  return (
    <div className="grid" role="group" aria-label="Variables">
      <p className="span-3 quiet">
        That run had these variables. Their values are never given out, as somebody may have put a secret
        there: type them again. One that is left empty is not set.
      </p>
      {names.map((name) => (
        <Field key={name} label={name}>
          {(aria) => (
            <textarea
              {...aria}
              rows={1}
              className="code-input"
              value={env[name]}
              onChange={(event) => onChange({ env: { ...env, [name]: event.target.value } })}
            />
          )}
        </Field>
      ))}
    </div>
  );
}
