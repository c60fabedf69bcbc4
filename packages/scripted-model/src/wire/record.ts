import type { RecordedRequest } from "../scripts/request.ts";
import type { Asked } from "./asked.ts";

const KEPT_RESULT_CHARS = 16_384;

export function newRecord(request: Request): RecordedRequest {
  return {
    method: request.method,
    path: new URL(request.url).pathname,
    auth: credentialIn(request).kind,
    run: "",
    model: null,
    stream: false,
    tools: [],
    wireBytes: 0,
    bytes: 0,
    results: [],
    newTexts: [],
    side: null,
    script: null,
    place: null,
    status: null,
  };
}

/** Adds what only the body tells. */
export function describe(record: RecordedRequest, asked: Asked): void {
  record.run = asked.run;
  record.model = asked.model;
  record.stream = asked.stream;
  record.tools = asked.tools.map((tool) => tool.name);
  record.side = asked.side;
  record.results = asked.lastResults.map((result) => ({
    ...result,
    text: result.text.slice(0, KEPT_RESULT_CHARS),
  }));
}

export function credentialIn(request: Request): { kind: RecordedRequest["auth"]; key: string | undefined } {
  const apiKey = request.headers.get("x-api-key");
  if (apiKey !== null) return { kind: "x-api-key", key: apiKey };
  const bearer = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  return { kind: bearer === undefined ? "none" : "bearer", key: bearer };
}
