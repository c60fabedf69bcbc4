import { DEFAULT_LIMITS } from "@agency/contract";
import { Field } from "../../ui/field.tsx";
import { HOUR } from "./draft.ts";
import type { FormPart } from "./form-part.ts";
import { NetworkFields } from "./network-fields.tsx";

export function MoreFields({ draft, problems, onChange, goesOn }: FormPart & { goesOn: boolean }) {
  const limit = (field: "hours" | "budget" | "turns", label: string, usual: string) => (
    <Field label={label} problem={problems[field]} hint={`Left empty: ${usual}.`}>
      {(aria) => (
        <input
          {...aria}
          inputMode="decimal"
          value={draft[field]}
          onChange={(event) => onChange({ [field]: event.target.value })}
        />
      )}
    </Field>
  );
  return (
    <div className="grid">
      {limit("hours", "Time limit, hours", String(DEFAULT_LIMITS.wallMs / HOUR))}
      {limit("budget", "Budget, $", String(DEFAULT_LIMITS.costUsd))}
      {limit("turns", "Turns", String(DEFAULT_LIMITS.turns))}
      <NetworkFields draft={draft} problems={problems} onChange={onChange} goesOn={goesOn} />
      <ReviewFields draft={draft} problems={problems} onChange={onChange} />
    </div>
  );
}

function ReviewFields({ draft, problems, onChange }: FormPart) {
  return (
    <>
      <Field label="Hand back" problem={problems["deliver"]}>
        {(aria) => (
          <select
            {...aria}
            value={draft.deliver}
            onChange={(event) => onChange({ deliver: deliverOf(event.target.value) })}
          >
            <option value="">As fits the repository</option>
            <option value="branch">A branch</option>
            <option value="pr">A pull request</option>
            <option value="files">The files</option>
            <option value="none">Only the log</option>
          </select>
        )}
      </Field>
      <Field label="Ask me before" hint="Which tool calls wait for a yes.">
        {(aria) => (
          <select
            {...aria}
            value={draft.approve}
            onChange={(event) => onChange({ approve: approveOf(event.target.value) })}
          >
            <option value="none">nothing</option>
            <option value="commands">commands</option>
            <option value="all">everything but reading</option>
          </select>
        )}
      </Field>
      <Field
        label="Checks"
        problem={problems["checks"]}
        className="span-3"
        hint="One command a line. They decide whether the run completed."
      >
        {(aria) => (
          <textarea
            {...aria}
            rows={2}
            className="code-input"
            placeholder="npm test"
            value={draft.checks}
            onChange={(event) => onChange({ checks: event.target.value })}
          />
        )}
      </Field>
      <Switches draft={draft} onChange={onChange} />
    </>
  );
}

function Switches({ draft, onChange }: Pick<FormPart, "draft" | "onChange">) {
  return (
    <>
      <label className="choice span-3">
        <input
          type="checkbox"
          ref={(box) => {
            if (box !== null) box.indeterminate = draft.questions === null;
          }}
          checked={draft.questions ?? false}
          onChange={(event) => onChange({ questions: event.target.checked })}
        />
        <span>
          The agent may stop and ask me{" "}
          {draft.questions === null && (
            <small>Not said here: as the run it goes on from; a new run may.</small>
          )}
        </span>
      </label>
      <label className="choice span-3">
        <input
          type="checkbox"
          checked={draft.demo}
          onChange={(event) => onChange({ demo: event.target.checked })}
        />
        <span>
          Demo <small>A script takes the model's place; everything else is real.</small>
        </span>
      </label>
    </>
  );
}

function deliverOf(value: string): FormPart["draft"]["deliver"] {
  return (["branch", "pr", "files", "none"] as const).find((one) => one === value) ?? "";
}

function approveOf(value: string): FormPart["draft"]["approve"] {
  return (["commands", "all"] as const).find((one) => one === value) ?? "none";
}
