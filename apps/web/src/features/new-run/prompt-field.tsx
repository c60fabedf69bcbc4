import { useState } from "react";
import type { Draft } from "./draft.ts";
import { Field } from "../../ui/field.tsx";

interface PromptFieldProps {
  draft: Draft;
  problem: string | undefined;
  onChange: (part: Partial<Draft>) => void;
}

const MOST_FILE_BYTES = 512 * 1024;

export function PromptField({ draft, problem, onChange }: PromptFieldProps) {
  const [note, setNote] = useState("");
  const addFiles = async (files: readonly File[]) => {
    const usable = files.filter((file) => file.size <= MOST_FILE_BYTES);
    const texts = await Promise.all(usable.map(asText));
    const added = texts.filter((text) => text !== null);
    setNote(added.length < files.length ? "Only text files of up to 512 KiB can be put into the task." : "");
    if (added.length > 0) onChange({ prompt: [draft.prompt.trimEnd(), ...added].join("\n\n").trimStart() });
  };
  return (
    <Field
      label="Task"
      problem={problem}
      hint={note === "" ? "Text files can be pasted or dropped here. Ctrl Enter starts the run." : note}
    >
      {(aria) => (
        <textarea
          {...aria}
          className="prompt"
          rows={9}
          autoFocus
          placeholder="What should be done, and how will you know that it is?"
          value={draft.prompt}
          onChange={(event) => onChange({ prompt: event.target.value })}
          onPaste={(event) => {
            const files = [...event.clipboardData.files];
            if (files.length === 0) return;
            event.preventDefault();
            void addFiles(files);
          }}
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => {
            const files = [...event.dataTransfer.files];
            if (files.length === 0) return;
            event.preventDefault();
            void addFiles(files);
          }}
        />
      )}
    </Field>
  );
}

/** As a block the agent can tell from the words around it. Null for what is no text. */
async function asText(file: File): Promise<string | null> {
  const text = await file.text();
  if (text.includes("\0") || text.includes("\uFFFD")) return null;
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${file.name.replaceAll(/[`\r\n]/g, "")}:\n${fence}\n${text.trimEnd()}\n${fence}`;
}
