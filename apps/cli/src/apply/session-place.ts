const TRANSCRIPT = /^(?:.*\/)?projects\/([^/]+)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/i;

/**
 * Where each file of a saved session belongs below a project's folder: the transcript, and what lies in the folder of
 * its name. Other files of the engine's home (settings, hooks, credentials) never come along. Null when there is not
 * exactly one transcript.
 */
export function sessionPlace(
  names: readonly string[],
): { sessionId: string; places: Map<string, string> } | null {
  const transcripts = names.filter((name) => TRANSCRIPT.test(name));
  const [transcript] = transcripts;
  const sessionId = transcript === undefined ? undefined : TRANSCRIPT.exec(transcript)?.[2];
  if (transcript === undefined || sessionId === undefined || transcripts.length > 1) return null;
  const prefix = transcript.slice(0, -`${sessionId}.jsonl`.length);
  const places = new Map([[transcript, `${sessionId}.jsonl`]]);
  for (const name of names) {
    if (name.startsWith(`${prefix}${sessionId}/`)) places.set(name, name.slice(prefix.length));
  }
  return { sessionId, places };
}
