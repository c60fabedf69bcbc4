import { useId } from "react";
import type { ReactNode } from "react";

interface FieldProps {
  label: string;
  hint?: ReactNode;
  problem?: string | undefined;
  className?: string;
  children: (aria: { id: string; "aria-describedby": string; "aria-invalid": boolean }) => ReactNode;
}

export function Field({ label, hint, problem, className = "", children }: FieldProps) {
  const id = useId();
  return (
    <div className={`field ${className}`}>
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": `${id}-about`, "aria-invalid": problem !== undefined })}
      <p id={`${id}-about`} className={problem === undefined ? "field-hint" : "field-error"}>
        {problem ?? hint}
      </p>
    </div>
  );
}
