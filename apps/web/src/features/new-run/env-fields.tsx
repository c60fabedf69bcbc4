import { Field } from "../../ui/field.tsx";
import type { FormPart } from "./form-part.ts";

type Typed = Pick<FormPart, "draft" | "onChange">;

/** The variables of another run: their names are known here, their values only to who typed them. */
export function EnvFields({ draft: { env }, onChange }: Typed) {
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

/** Secrets that another run brought: they went with it, their names did not. */
export function SecretFields({ draft: { secrets }, onChange }: Typed) {
  const names = Object.keys(secrets);
  if (names.length === 0) return null;
  return (
    <div className="grid" role="group" aria-label="Secrets">
      <p className="span-3 quiet">
        That run brought these secrets, for itself alone: type them again. One that is left empty is not sent,
        and what is stored is used instead.
      </p>
      {names.map((name) => (
        <Field key={name} label={name}>
          {(aria) => (
            <input
              {...aria}
              type="password"
              autoComplete="off"
              value={secrets[name]}
              onChange={(event) => onChange({ secrets: { ...secrets, [name]: event.target.value } })}
            />
          )}
        </Field>
      ))}
    </div>
  );
}
