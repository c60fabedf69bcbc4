interface Seen {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: unknown;
}

/** What one request meets: an answer, a failure below HTTP, or a stream that ends, breaks or stays open. */
export type Scripted =
  | { status: number; json?: unknown; headers?: Record<string, string> }
  | { fails: Error }
  | { stream: (string | Uint8Array)[]; ends: "close" | "break" | "hang" };

/** Answers requests from a script, in order, and keeps what was asked. */
export function scriptedFetch(script: Scripted[]): { fetch: typeof fetch; seen: Seen[] } {
  const seen: Seen[] = [];
  const left = [...script];
  const answer: typeof fetch = async (input, init) => {
    const url = typeof input === "string" ? input : "url" in input ? input.url : input.href;
    const body: unknown = typeof init?.body === "string" ? JSON.parse(init.body) : undefined;
    seen.push({
      url,
      method: init?.method ?? "GET",
      headers: { ...(init?.headers as Record<string, string>) },
      body,
    });
    const next = left.shift();
    if (next === undefined) throw new Error(`the script has no answer for ${url}`);
    if ("fails" in next) throw next.fails;
    if ("stream" in next) return new Response(streamOf(next, init?.signal ?? null), { status: 200 });
    const text = next.json === undefined ? null : JSON.stringify(next.json);
    return new Response(text, { status: next.status, headers: next.headers ?? {} });
  };
  return { fetch: answer, seen };
}

function streamOf({ stream, ends }: Extract<Scripted, { stream: unknown }>, signal: AbortSignal | null) {
  const encoder = new TextEncoder();
  const chunks = stream.map((chunk) => (typeof chunk === "string" ? encoder.encode(chunk) : chunk));
  return new ReadableStream<Uint8Array>({
    start: (controller) => signal?.addEventListener("abort", () => controller.error(signal.reason)),
    pull: (controller) => {
      const chunk = chunks.shift();
      if (chunk !== undefined) controller.enqueue(chunk);
      else if (ends === "close") controller.close();
      else if (ends === "break") controller.error(new Error("socket hang up"));
    },
  });
}
