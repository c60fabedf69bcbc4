import { isAgencyError } from "@agency/contract";
import type { CreateTaskInput, Task } from "@agency/contract";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { NewRunSearch } from "../../app/router.tsx";
import { api } from "../../lib/api.ts";
import { newKey } from "../../lib/first-api.ts";
import { useResource } from "../../lib/resource.ts";
import { Failure, Skeleton, tell } from "../../ui/states.tsx";
import { firstLine, Text } from "../../ui/text.tsx";
import { reviewOf } from "../run/review/kept-review.ts";
import { Carried } from "./carried.tsx";
import { EMPTY, taskOf } from "./draft.ts";
import type { Draft } from "./draft.ts";
import { EnvFields, SecretFields } from "./env-fields.tsx";
import { goingOn } from "./going-on.ts";
import { placeOf } from "./kept-draft.ts";
import type { Kept } from "./kept-draft.ts";
import { MoreFields } from "./more-fields.tsx";
import { NotCarried } from "./not-carried.tsx";
import { fromPaths, problemsOf } from "./problems.ts";
import type { Problems } from "./problems.ts";
import { PromptField } from "./prompt-field.tsx";
import { Templates } from "./templates.tsx";
import { useDraft } from "./use-draft.ts";
import { WhereFields } from "./where-fields.tsx";
import "./new-run.css";

export function NewRun() {
  const search = useSearch({ from: "/new" });
  const { like } = search;
  const source = useResource(
    async (signal) => (like === undefined ? null : api.getTask(like, { signal })),
    like ?? "",
  );
  useEffect(() => {
    document.title = "New run · Agency";
  }, []);
  return (
    <div className="page new-run">
      <header className="page-head">
        <h1>{search.checkpoint === undefined ? "New run" : `Go on from checkpoint ${search.checkpoint}`}</h1>
      </header>
      {source.state === "loading" && <Skeleton lines={6} />}
      {source.state === "failed" && <Failure error={source.error} onRetry={source.reload} />}
      {source.state === "ready" && (
        <Form key={`${placeOf(search)} ${search.comments === true}`} source={source.data} search={search} />
      )}
    </div>
  );
}

/** The form as it stands, and the way to make a run of it. */
function useForm(source: Task | null, search: NewRunSearch) {
  const kept = useDraft(source, search);
  const { draft, put, done } = kept;
  const [problems, setProblems] = useState<Problems>({});
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const key = useRef(newKey());
  const navigate = useNavigate();
  const change = (part: Partial<Draft>, rest: Partial<Kept> = {}) => {
    const next = { ...draft, ...part };
    key.current = newKey();
    put({ draft: next, ...rest });
    if (Object.keys(problems).length > 0) setProblems(problemsOf(taskOf(next)));
  };
  const start = async () => {
    const task = requestOf(draft, source, search.checkpoint);
    const found = problemsOf(task);
    setProblems(found);
    setFailure(null);
    if (Object.keys(found).length > 0 || busy) return;
    setBusy(true);
    try {
      const { id } = await api.createTask(task, { idempotencyKey: key.current });
      done();
      if (source !== null && search.comments === true) reviewOf(source.id).set([]);
      await navigate({ to: "/runs/$id", params: { id } });
    } catch (error) {
      setBusy(false);
      setFailure(error);
      if (isAgencyError(error)) setProblems(fromPaths(error.errors ?? []));
    }
  };
  const beginAnew = () => {
    key.current = newKey();
    setProblems({});
    kept.beginAnew();
  };
  return { ...kept, beginAnew, problems, failure, busy, change, start };
}

function requestOf(draft: Draft, source: Task | null, checkpoint: number | undefined): CreateTaskInput {
  const written = taskOf(draft);
  return source === null || checkpoint === undefined ? written : goingOn(written, source, checkpoint);
}

function Form({ source, search }: { source: Task | null; search: NewRunSearch }) {
  const { draft, problems, failure, busy, change, start, ...kept } = useForm(source, search);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void start();
      }}
    >
      {kept.isLeft && <Left onBeginAnew={kept.beginAnew} />}
      <Templates draft={draft} onUse={change} />
      <PromptField draft={draft} problem={problems["prompt"]} onChange={change} />
      <Earlier
        words={kept.earlier}
        onUse={() => change({ prompt: withBelow(draft.prompt, kept.earlier) }, { earlier: "" })}
        onForget={() => kept.put({ earlier: "" })}
      />
      <WhereFields draft={draft} problems={problems} onChange={change} />
      <MoreFields
        draft={draft}
        problems={problems}
        onChange={change}
        goesOn={search.checkpoint !== undefined}
      />
      <EnvFields draft={draft} onChange={change} />
      <SecretFields draft={draft} onChange={change} />
      <Carried draft={draft} problems={problems} onChange={change} />
      {source !== null && (
        <NotCarried draft={draft} onChange={change} source={source} checkpoint={search.checkpoint} />
      )}
      {failure !== null && <Refused failure={failure} onDemo={() => change({ demo: true })} />}
      <div className="form-foot">
        <button type="button" className="button" onClick={() => change(EMPTY)}>
          Clear
        </button>
        <button type="submit" className="button button-primary" disabled={busy}>
          {busy ? "Starting" : draft.demo ? "Start the demo" : "Start the run"}
        </button>
      </div>
    </form>
  );
}

function withBelow(prompt: string, words: string): string {
  return [prompt.trimEnd(), words].join("\n\n").trimStart();
}

function Left({ onBeginAnew }: { onBeginAnew: () => void }) {
  return (
    <p className="quiet" role="note">
      This is the form as you left it.{" "}
      <button type="button" className="link-button" onClick={onBeginAnew}>
        Fill it in from the run again
      </button>
    </p>
  );
}

interface EarlierProps {
  words: string;
  onUse: () => void;
  onForget: () => void;
}

function Earlier({ words, onUse, onForget }: EarlierProps) {
  if (words === "") return null;
  return (
    <p className="quiet">
      A draft was here before: <Text>{firstLine(words, 80)}</Text>{" "}
      <button type="button" className="link-button" onClick={onUse}>
        Put its words below
      </button>{" "}
      <button type="button" className="link-button" onClick={onForget}>
        Forget them
      </button>
    </p>
  );
}

function Refused({ failure, onDemo }: { failure: unknown; onDemo: () => void }) {
  const { detail, next } = tell(failure);
  return (
    <div className="form-failure" role="alert">
      <p>
        {detail} {next}
      </p>
      {isAgencyError(failure) && failure.code === "no_credential" && (
        <button type="button" className="button" onClick={onDemo}>
          Make it a demo
        </button>
      )}
    </div>
  );
}
