import { Readable, pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { noBytes } from "./byte-stream.ts";
import type { Bytes } from "./byte-stream.ts";
import { gitAnswer } from "./git-answer.ts";
import { createPushReader } from "./push-commands.ts";
import type { PushHead } from "./push-commands.ts";
import { judgePush } from "./push-rules.ts";
import type { Refusals } from "./push-rules.ts";
import { pushReport } from "./push-report.ts";
import { createReportReader } from "./report-status.ts";
import { refusal } from "./refusal.ts";
import type { RepositoryCall, RepositoryHost } from "./repository-host.ts";

const RESULT = "application/x-git-receive-pack-result";

type Chunks = AsyncIterator<Uint8Array>;

/**
 * A push is judged by the lines before its pack; until they are all read and allowed, nothing goes to the host.
 * A refusal is a report git prints ref by ref: behind an HTTP error it would say "Everything up-to-date".
 */
export async function push(
  host: RepositoryHost,
  call: RepositoryCall,
  request: Request,
  pushBranch: string | undefined,
): Promise<Response> {
  const { transfer } = call;
  const plain = plainBody(request);
  if (plain === null) {
    const why = "A push comes as it is or gzip-encoded, nothing else.";
    return transfer.deny(why, refusal(415, why));
  }
  const chunks = transfer.counted(plain)[Symbol.asyncIterator]();
  const head = await readHead(chunks);
  if (head.state === "bad" || head.state === "more") {
    return refuseUnread(call, chunks, head.state === "bad" ? head.problem : "This push breaks off.");
  }
  const { commands } = head.push;
  // Before a large push git asks with no command at all whether it is let in.
  if (commands.length === 0) return transfer.answer(null, { "content-type": RESULT });
  const report = createReportReader(head.push);
  transfer.names(
    commands.map(({ ref }) => ref),
    report.updates,
  );
  const refusals =
    head.state === "too_many"
      ? commands.map(({ ref }) => ({ ref, reason: "this push names too many refs at once: at most 1,000" }))
      : judgePush(head.push, { taskId: transfer.caller.taskId, pushBranch });
  if (refusals !== null) return refuseRefs(call, chunks, head, refusals);
  if (transfer.signal.aborted) return transfer.fail("", refusal(410, "This attempt is over."));
  const answer = await host.post(call, {
    service: "git-receive-pack",
    ending: "/git-receive-pack",
    headers: { "content-type": "application/x-git-receive-pack-request", accept: RESULT },
    body: joined(head.state === "done" ? [head.head, head.rest] : [], chunks),
  });
  return gitAnswer(call, answer, RESULT, report.take);
}

function plainBody({ body, headers }: Request): Bytes | null {
  const encoding = headers.get("content-encoding") ?? "identity";
  if (body === null || encoding === "identity") return body ?? noBytes();
  if (encoding !== "gzip" && encoding !== "x-gzip") return null;
  // The callback is for the pipeline's sake: what breaks off shows where the bytes are read.
  return pipeline(Readable.fromWeb(body), createGunzip(), () => undefined);
}

async function readHead(chunks: Chunks): Promise<PushHead> {
  const read = createPushReader();
  for (;;) {
    const next = await chunks.next();
    if (next.done === true) return { state: "more" };
    const head = read(next.value);
    if (head.state !== "more") return head;
  }
}

async function* joined(first: readonly Uint8Array[], rest: Chunks): AsyncGenerator<Uint8Array> {
  for (const chunk of first) if (chunk.byteLength > 0) yield chunk;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** git sends all of its pack before it reads the answer. */
async function drain({ transfer }: RepositoryCall, chunks: Chunks): Promise<void> {
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    if (transfer.signal.aborted) return;
  }
}

async function refuseUnread(call: RepositoryCall, chunks: Chunks, problem: string): Promise<Response> {
  await drain(call, chunks);
  return call.transfer.deny(problem, refusal(400, problem));
}

async function refuseRefs(
  call: RepositoryCall,
  chunks: Chunks,
  { push }: Extract<PushHead, { push: unknown }>,
  refusals: Refusals,
): Promise<Response> {
  await drain(call, chunks);
  const said = refusals.map(({ ref, reason }) => `${ref}: ${reason}`).slice(0, 10);
  const report = pushReport(refusals, push.capabilities);
  const response =
    report === null
      ? refusal(403, said.join("\n"))
      : new Response(new Uint8Array(report), {
          headers: { "content-type": RESULT, "cache-control": "no-store" },
        });
  return call.transfer.deny(said.join("; "), response);
}
