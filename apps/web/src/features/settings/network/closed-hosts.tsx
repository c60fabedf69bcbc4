import { useState } from "react";
import { api } from "../../../lib/api.ts";
import { Field } from "../../../ui/field.tsx";
import { changeProblem, closingOf } from "./network-form.ts";
import { useSave } from "./use-save.ts";

/** Closed to every run, whatever its own network says. */
export function ClosedHosts({ never, onSaved }: { never: readonly string[]; onSaved: () => void }) {
  const [text, setText] = useState(() => never.join("\n"));
  const { busy, refused, forget, save } = useSave(onSaved);
  const change = closingOf(never, text);
  const problem = changeProblem(change);
  const isChanged = change.close.length + change.open.length > 0;
  return (
    <form
      className="settings-body"
      onSubmit={(event) => {
        event.preventDefault();
        if (isChanged && problem === undefined)
          void save(() => api.changeNetwork(change), "It holds from now on, for runs under way as well");
      }}
    >
      <p className="quiet">
        {never.length === 0 && "Nothing is closed yet. "}
        Closed to every run, whatever its own network says; open connections to it are cut. A run's model and
        repositories are not reached this way and stay open.
      </p>
      <Field
        label="Closed hosts"
        problem={refused ?? problem}
        hint="One a line: pastebin.com is that name alone, *.pastebin.com all below it. Without a port, every port."
      >
        {(aria) => (
          <textarea
            {...aria}
            rows={4}
            className="code-input"
            spellCheck={false}
            placeholder={"pastebin.com\n*.pastebin.com"}
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              forget();
            }}
          />
        )}
      </Field>
      <div className="button-row">
        <button type="submit" className="button button-primary" disabled={busy || !isChanged}>
          {busy ? "Saving" : "Set the closed hosts"}
        </button>
      </div>
    </form>
  );
}
