import { request as plain } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as secure } from "node:https";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { AgencyError, problemSchema, TERMINAL_PROTOCOL } from "@agency/contract";
import type { Target } from "../instance/target.ts";

const ANSWER_MS = 30_000;

/** The bytes of a terminal in a task's sandbox. Throws what the server says when it refuses. */
export function connectTerminal(target: Target, taskId: string, signal: AbortSignal): Promise<Duplex> {
  const url = new URL(`/v1/tasks/${encodeURIComponent(taskId)}/terminal`, target.url);
  const ask = url.protocol === "https:" ? secure : plain;
  return new Promise((resolve, reject) => {
    const outgoing = ask(url, {
      signal,
      timeout: ANSWER_MS,
      headers: {
        connection: "upgrade",
        upgrade: TERMINAL_PROTOCOL,
        ...(target.apiKey === null ? {} : { authorization: `Bearer ${target.apiKey}` }),
      },
    });
    outgoing.once("upgrade", (_answer, socket, head) => {
      socket.setTimeout(0);
      socket.setNoDelay(true);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    outgoing.once("response", (answer) => void refusalOf(answer).then(reject, reject));
    outgoing.once("timeout", () => outgoing.destroy(new Error("it did not answer in time")));
    outgoing.once("error", (cause) => {
      const next = "Start the server with `agency up`, or check AGENCY_URL.";
      reject(
        new AgencyError("unavailable", `${target.url} cannot be reached: ${cause.message}.`, { cause, next }),
      );
    });
    outgoing.end();
  });
}

async function refusalOf(answer: IncomingMessage): Promise<AgencyError> {
  const problem = problemSchema.safeParse(parse(await text(answer)));
  if (!problem.success)
    return new AgencyError(
      "upstream_failed",
      `The server answered ${answer.statusCode ?? 0} instead of a terminal.`,
    );
  const { code, detail, next, requestId } = problem.data;
  return new AgencyError(code, detail, { requestId, ...(next === undefined ? {} : { next }) });
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
