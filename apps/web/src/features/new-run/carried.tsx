import { Text } from "../../ui/text.tsx";
import { baseFor, carriedBy } from "./base.ts";
import type { FormPart } from "./form-part.ts";
import { hasField } from "./problems.ts";

/** What is sent without a field of its own, and what is wrong with it: neither may go unseen. */
export function Carried({ draft, problems, onChange }: FormPart) {
  const names = carriedBy(baseFor(draft.repository, draft.base));
  const apart = carriedBy(draft.base).filter((name) => !names.includes(name));
  const faults = Object.entries(problems).filter(([field]) => !hasField(field, draft));
  if (names.length + apart.length + faults.length === 0) return null;
  return (
    <div className="carried">
      {names.length > 0 && (
        <p className="quiet">
          Sent as it was there: <Text>{names.join(", ")}</Text>.{" "}
          <button type="button" className="link-button" onClick={() => onChange({ base: {} })}>
            Leave it out
          </button>
        </p>
      )}
      {apart.length > 0 && (
        <p className="quiet">
          Not sent, as the repository is another one: <Text>{apart.join(", ")}</Text>.
        </p>
      )}
      {faults.map(([field, problem]) => (
        <p key={field} className="field-error" role="alert">
          <Text>{`${field}: ${problem}`}</Text>
        </p>
      ))}
    </div>
  );
}
