import { Field } from "../../../ui/field.tsx";

interface HostsFieldProps {
  label: string;
  hint: string;
  problem: string | undefined;
  placeholder: string;
  value: string;
  readOnly: boolean;
  autoFocus?: boolean;
  onChange: (value: string) => void;
}

export function HostsField({ label, hint, problem, autoFocus = false, onChange, ...area }: HostsFieldProps) {
  return (
    <Field label={label} problem={problem} hint={hint}>
      {(aria) => (
        <textarea
          {...aria}
          {...area}
          rows={4}
          autoFocus={autoFocus}
          className="code-input"
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
