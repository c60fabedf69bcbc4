import { useState } from "react";
import { api } from "../../../lib/api.ts";
import { HostsField } from "./hosts-field.tsx";
import { changeProblem, closingOf } from "./network-form.ts";
import { useSave } from "./use-save.ts";

/** Closed to every run, whatever its own network says. */
export function ClosedHosts({ never, onSaved }: { never: readonly string[]; onSaved: () => void }) {
  // What it was filled in with: others may have closed more since.
  const [form, setForm] = useState(() => formOf(never));
  const { busy, refused, forget, save } = useSave(onSaved);
  const change = closingOf(form.filled, form.text);
  const problem = changeProblem(change);
  const isChanged = change.close.length + change.open.length > 0;
  return (
    <form
      className="settings-body"
      onSubmit={(event) => {
        event.preventDefault();
        if (isChanged && problem === undefined)
          void save(
            async () => setForm(formOf((await api.changeNetwork(change)).never)),
            "It holds from now on, for runs under way as well",
          );
      }}
    >
      <p className="quiet">
        {never.length === 0 && "Nothing is closed yet. "}
        What stands here is closed to every run, whatever its own network says; open connections to it are
        cut. To a run with the internet this is no complete fence: the same machine may have other names. A
        run's model and repositories are not reached this way and stay open.
      </p>
      <HostsField
        label="Closed hosts"
        problem={refused ?? problem}
        hint="One a line: pastebin.com is that name alone, *.pastebin.com all below it. Without a port, every port."
        placeholder={"pastebin.com\n*.pastebin.com"}
        value={form.text}
        readOnly={busy}
        onChange={(text) => {
          setForm({ ...form, text });
          forget();
        }}
      />
      <div className="button-row">
        <button type="submit" className="button button-primary" disabled={busy || !isChanged}>
          {busy ? "Saving" : "Set the closed hosts"}
        </button>
      </div>
    </form>
  );
}

function formOf(never: readonly string[]): { filled: readonly string[]; text: string } {
  return { filled: never, text: never.join("\n") };
}
