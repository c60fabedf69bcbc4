import type { Reply } from "../scripts/reply.ts";
import { json } from "../wire/responses.ts";

const MODELS = ["claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5", "gpt-5.1-codex", "gpt-5.1"];
const CREATED_AT = "2025-10-01T00:00:00Z";

/** What engines ask around the conversation, to see whether the API is there and what it has. */
export function answerLookUp(method: string, path: string): Response | undefined {
  if (method === "HEAD") return path === "/" ? new Response(null) : undefined;
  if (method !== "GET") return undefined;
  if (path === "/api/hello") return json({ message: "hello" });
  if (path === "/v1/models") return json(modelList());
  const id = /^\/v1\/models\/([^/]+)$/.exec(path)?.[1];
  return id === undefined ? undefined : json(modelNamed(id));
}

/** About four bytes a token: good enough for an engine to see that its context is not full. */
export function answerTokenCount(bytes: number): Response {
  return json({ input_tokens: Math.ceil(bytes / 4) });
}

/** Small and unlike any step's, so that side requests show in sums as what they are. */
export function sideReply(text: string): Reply {
  const usage = { input: 11, output: 7, cacheRead: 0, cacheWrite: 0 };
  return { id: "side", thinking: "", text, calls: [], usage, stop: "end_turn" };
}

export function titleText(wantsJson: boolean): string {
  return wantsJson ? JSON.stringify({ title: "Scripted session" }) : "Scripted session";
}

export function summaryText(noteToKeep: string): string {
  return `<analysis>A script needs none.</analysis>\n<summary>${noteToKeep}</summary>`;
}

function modelList(): Record<string, unknown> {
  const data = MODELS.map((id) => modelNamed(id));
  return { object: "list", data, has_more: false, first_id: MODELS[0], last_id: MODELS.at(-1) };
}

/** In the words of every vendor at once: clients read the ones they know. */
function modelNamed(id: string): Record<string, unknown> {
  const created = Date.parse(CREATED_AT) / 1000;
  const openai = { object: "model", created, owned_by: "scripted" };
  return { type: "model", id, display_name: id, created_at: CREATED_AT, ...openai };
}
