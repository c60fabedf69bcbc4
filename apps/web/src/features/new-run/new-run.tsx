import { isAgencyError } from "@agency/contract";
import type { CreateTaskInput, Task } from "@agency/contract";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { NewRunSearch } from "../../app/router.tsx";
import { api } from "../../lib/api.ts";
import { newKey } from "../../lib/first-api.ts";
import { forgetPrompt, leftPrompt } from "../../lib/long-prompt.ts";
import { useResource } from "../../lib/resource.ts";
import { Failure, Skeleton, tell } from "../../ui/states.tsx";
import { firstLine, Text } from "../../ui/text.tsx";
import { instructionOf } from "../run/review/comments.ts";
import { reviewOf } from "../run/review/kept-review.ts";
import { Carried } from "./carried.tsx";
import { EMPTY, taskOf } from "./draft.ts";
import type { Draft } from "./draft.ts";
import { EnvFields, SecretFields } from "./env-fields.tsx";
import type { FormPart } from "./form-part.ts";
import { goingOn } from "./going-on.ts";
import { keepDraft, readDraft } from "./kept-draft.ts";
import { beginningFrom } from "./loaded-draft.ts";
import { MoreFields } from "./more-fields.tsx";
import { NotCarried } from "./not-carried.tsx";
import { fromPaths, problemsOf } from "./problems.ts";
import type { Problems } from "./problems.ts";
import { PromptField } from "./prompt-field.tsx";
import { Templates } from "./templates.tsx";
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
        <Form key={`${like ?? "new"} ${search.comments === true}`} source={source.data} search={search} />
      )}
    </div>
  );
}

function beginning(source: Task | null, { prompt, long, checkpoint, comments }: NewRunSearch): Draft {
  const given = long === true ? leftPrompt() || undefined : prompt;
  if (source !== null)
    return beginningFrom(source, checkpoint, comments === true ? reviewed(source, checkpoint) : given);
  const kept = readDraft();
  return given === undefined ? kept : { ...kept, prompt: given };
}

/** The comments kept on the run. Without a checkpoint nothing is remembered: what was asked is said again. */
function reviewed({ id, prompt }: Task, checkpoint: number | undefined): string | undefined {
  const comments = reviewOf(id).get();
  if (comments.length === 0) return undefined;
  const text = instructionOf(comments);
  return checkpoint === undefined ? `${prompt}\n\n${text}` : text;
}

/** The form as it stands, and the way to make a run of it. */
function useForm(source: Task | null, search: NewRunSearch) {
  const [draft, setDraft] = useState(() => beginning(source, search));
  const [problems, setProblems] = useState<Problems>({});
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const key = useRef(newKey());
  const navigate = useNavigate();
  const earlier = useBrought(draft, source, search);
  const change = (part: Partial<Draft>) => {
    const next = { ...draft, ...part };
    key.current = newKey();
    setDraft(next);
    if (Object.keys(problems).length > 0) setProblems(problemsOf(taskOf(next)));
    if (source === null) keepDraft(next);
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
      if (source === null) keepDraft(null);
      else if (search.comments === true) reviewOf(source.id).set([]);
      await navigate({ to: "/runs/$id", params: { id } });
    } catch (error) {
      setBusy(false);
      setFailure(error);
      if (isAgencyError(error)) setProblems(fromPaths(error.errors ?? []));
    }
  };
  return { draft, earlier, problems, failure, busy, change, start };
}

/** Words brought along become the kept draft, so that a reload has what was made of them. Answers with what was there. */
function useBrought(draft: Draft, source: Task | null, { prompt, long }: NewRunSearch): string {
  const brought = source === null && (prompt !== undefined || long === true);
  const [earlier] = useState(() => (brought ? readDraft().prompt.trim() : ""));
  const navigate = useNavigate();
  useEffect(() => {
    if (!brought || !keepDraft(draft)) return;
    forgetPrompt();
    void navigate({ to: "/new", replace: true });
  }, [brought]);
  return earlier;
}

function requestOf(draft: Draft, source: Task | null, checkpoint: number | undefined): CreateTaskInput {
  const written = taskOf(draft);
  return source === null || checkpoint === undefined ? written : goingOn(written, source, checkpoint);
}

function Form({ source, search }: { source: Task | null; search: NewRunSearch }) {
  const { draft, earlier, problems, failure, busy, change, start } = useForm(source, search);
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
      <Templates draft={draft} onUse={change} />
      <PromptField draft={draft} problem={problems["prompt"]} onChange={change} />
      <Earlier words={earlier} draft={draft} onChange={change} />
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

interface EarlierProps extends Pick<FormPart, "draft" | "onChange"> {
  words: string;
}

function Earlier({ words, draft: { prompt }, onChange }: EarlierProps) {
  if (words === "" || prompt.includes(words)) return null;
  return (
    <p className="quiet">
      A draft was here before: <Text>{firstLine(words, 80)}</Text>{" "}
      <button
        type="button"
        className="link-button"
        onClick={() => onChange({ prompt: [prompt.trimEnd(), words].join("\n\n").trimStart() })}
      >
        Put its words below
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
