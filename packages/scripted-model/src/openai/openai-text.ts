/** Texts in the user's place that an engine wrote. Those of Codex, as far as seen in recorded requests. */
const ENGINE_NOTES = [
  "<environment_context>",
  "<user_instructions>",
  "<permissions",
  "<turn_aborted>",
  "<collaboration_mode>",
  "<skills_instructions>",
  "# AGENTS.md instructions",
];
const SUMMARY_ORDER = "You are performing a CONTEXT CHECKPOINT COMPACTION";

export function isFromPerson(text: string): boolean {
  return text !== "" && !ENGINE_NOTES.some((note) => text.startsWith(note));
}

export function asksForSummary(text: string): boolean {
  return text.includes(SUMMARY_ORDER);
}

/** The last one said wins: a resumed session may have moved. */
export function workingDirectoryIn(texts: readonly string[]): string | undefined {
  return texts
    .flatMap((text) => [...text.matchAll(/<cwd>(\/[^<]*)<\/cwd>|working directory: *(\/\S.*)$/gim)])
    .map((match) => (match[1] ?? match[2])?.trim())
    .findLast((path) => path !== undefined);
}
