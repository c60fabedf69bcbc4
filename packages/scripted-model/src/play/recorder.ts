import type { RecordedRequest } from "../scripts/request.ts";

export interface Recorder {
  readonly requests: readonly RecordedRequest[];
  readonly problems: readonly string[];
  add(request: RecordedRequest): void;
  problem(text: string): void;
}

/** Keeps the newest only: in the product the model runs as long as the server does. */
export function createRecorder(keep: number): Recorder {
  const requests: RecordedRequest[] = [];
  const problems: string[] = [];
  const push = <T>(list: T[], item: T): void => {
    list.push(item);
    if (list.length > keep) list.shift();
  };
  return {
    requests,
    problems,
    add: (request) => push(requests, request),
    problem: (text) => push(problems, text),
  };
}
