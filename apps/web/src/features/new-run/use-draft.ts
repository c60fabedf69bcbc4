import type { Task } from "@agency/contract";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { NewRunSearch } from "../../app/router.tsx";
import { forgetPrompt, leftPrompt } from "../../lib/long-prompt.ts";
import { instructionOf } from "../run/review/comments.ts";
import { reviewOf } from "../run/review/kept-review.ts";
import { EMPTY } from "./draft.ts";
import type { Draft } from "./draft.ts";
import { begun, keep, placeOf, readKept, unused } from "./kept-draft.ts";
import type { Kept } from "./kept-draft.ts";
import { beginningFrom } from "./loaded-draft.ts";

/** The form as it stands: what was typed outlasts a reload and the end of the session. */
export function useDraft(source: Task | null, search: NewRunSearch) {
  const place = placeOf(search);
  const [given] = useState(() => givenBy(source, search));
  const [isLeft, setIsLeft] = useState(() => source !== null && readKept(place) !== null);
  const [kept, setKept] = useState(() => begun(freshOf(source, search, given), given, readKept(place)));
  useBrought(kept, source, search);
  const put = (part: Partial<Kept>) => {
    const next = { ...kept, ...part };
    setKept(next);
    keep(place, next);
  };
  const { draft, earlier } = kept;
  return {
    draft,
    earlier: unused(earlier, draft.prompt),
    isLeft,
    put,
    beginAnew: () => {
      setIsLeft(false);
      setKept(begun(freshOf(source, search, given), given, null));
      keep(place, null);
    },
    /** A run was made of it. Words that were not used are still somebody's. */
    done: () => {
      const words = unused(earlier, draft.prompt);
      const next = {
        draft: { ...freshOf(source, search, undefined), prompt: words },
        given: "",
        earlier: "",
      };
      keep(place, words === "" ? null : next);
    },
  };
}

function freshOf(source: Task | null, { checkpoint }: NewRunSearch, given: string | undefined): Draft {
  return source === null ? { ...EMPTY, prompt: given ?? "" } : beginningFrom(source, checkpoint, given);
}

/** The words that are brought along. */
function givenBy(source: Task | null, search: NewRunSearch): string | undefined {
  const { prompt, long, checkpoint, comments } = search;
  if (source !== null && comments === true) return reviewed(source, checkpoint);
  return long === true ? leftPrompt() || undefined : prompt;
}

/** The comments kept on the run. Without a checkpoint nothing is remembered: what was asked is said again. */
function reviewed({ id, prompt }: Task, checkpoint: number | undefined): string | undefined {
  const comments = reviewOf(id).get();
  if (comments.length === 0) return undefined;
  const text = instructionOf(comments);
  return checkpoint === undefined ? `${prompt}\n\n${text}` : text;
}

/** Words brought along become the kept draft, so that a reload has what was made of them. */
function useBrought(kept: Kept, source: Task | null, { prompt, long }: NewRunSearch): void {
  const brought = source === null && (prompt !== undefined || long === true);
  const navigate = useNavigate();
  useEffect(() => {
    if (!brought || !keep("new", kept)) return;
    forgetPrompt();
    void navigate({ to: "/new", replace: true });
  }, [brought]);
}
