import { isAgencyError } from "@agency/contract";
import { Link, useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import type { NewRunSearch } from "../../app/router.tsx";
import { firstApi, newKey } from "../../lib/first-api.ts";
import { forgetPrompt, leavePrompt, MOST_IN_ADDRESS } from "../../lib/long-prompt.ts";
import { tell } from "../../ui/states.tsx";

/** What was typed, and the way to make a run of it. */
function useStart() {
  const [prompt, setPrompt] = useState("");
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const key = useRef(newKey());
  const navigate = useNavigate();
  const start = async (demo: boolean) => {
    if (prompt.trim() === "" || busy) return;
    setBusy(true);
    try {
      // The key stays until it has worked: pressed twice, or again after a lost answer, it is one run.
      const task = await firstApi.createTask(
        { prompt, demo },
        { idempotencyKey: `${key.current}-${String(demo)}` },
      );
      forgetPrompt();
      await navigate({ to: "/runs/$id", params: { id: task.id } });
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  const change = (text: string) => {
    setPrompt(text);
    // At every change, and not with the click: a link can be opened in many ways.
    if (text.length > MOST_IN_ADDRESS) leavePrompt(text);
    setFailure(null);
    key.current = newKey();
  };
  return { prompt, failure, busy, start, change };
}

function searchFor(prompt: string): NewRunSearch {
  if (prompt.trim() === "") return {};
  return prompt.length > MOST_IN_ADDRESS ? { long: true } : { prompt };
}

export function QuickStart() {
  const { prompt, failure, busy, start, change } = useStart();
  return (
    <form
      className="quick"
      onSubmit={(event) => {
        event.preventDefault();
        void start(false);
      }}
    >
      <label className="visually-hidden" htmlFor="quick-prompt">
        What should be done?
      </label>
      <textarea
        id="quick-prompt"
        rows={2}
        placeholder="What should be done?"
        value={prompt}
        onChange={(event) => change(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void start(false);
        }}
      />
      <div className="quick-foot">
        <Link to="/new" search={searchFor(prompt)} className="quiet-link">
          Repository, model, limits…
        </Link>
        <button type="submit" className="button button-primary" disabled={busy || prompt.trim() === ""}>
          {busy ? "Starting" : "Start"}
        </button>
      </div>
      {failure !== null && <Refused failure={failure} onDemo={() => void start(true)} />}
    </form>
  );
}

function Refused({ failure, onDemo }: { failure: unknown; onDemo: () => void }) {
  const { detail, next } = tell(failure);
  const noCredential = isAgencyError(failure) && failure.code === "no_credential";
  return (
    <div className="quick-failure" role="alert">
      <p>
        {detail} {next}
      </p>
      {noCredential && (
        <button type="button" className="button" onClick={onDemo}>
          Watch the demo instead
        </button>
      )}
    </div>
  );
}
