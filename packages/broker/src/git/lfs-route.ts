import type { IncomingMessage } from "node:http";
import { noBytes, readAll, textBytes } from "./byte-stream.ts";
import { turnDown } from "./git-answer.ts";
import {
  batchAnswer,
  batchBody,
  MAX_BATCH,
  parse,
  parseBatch,
  parseBatchAnswer,
  record,
} from "./lfs-batch.ts";
import type { LfsAction, LfsAnswered, LfsBatch } from "./lfs-batch.ts";
import type { LfsObject, LfsObjects } from "./lfs-objects.ts";
import { LFS_JSON, lfsRefusal } from "./refusal.ts";
import type { RepositoryCall, RepositoryHost } from "./repository-host.ts";

const MAX_ASKED_BYTES = 512 * 1024;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export interface LfsParts {
  readonly host: RepositoryHost;
  readonly objects: LfsObjects;
  readonly now: () => number;
}

/** Which objects are wanted: the host's addresses are kept here, git-lfs gets ours in their place. */
export async function answerBatch(
  parts: LfsParts,
  call: RepositoryCall,
  request: Request,
  mayUpload: boolean,
): Promise<Response> {
  const { transfer, repository } = call;
  const base = baseOf(request);
  const text = await readAll(request.body ?? noBytes(), MAX_ASKED_BYTES);
  const batch = text === null ? null : parseBatch(text.toString());
  if (batch === null || base === null) {
    const why = `This is not a batch of 1 to ${MAX_BATCH} LFS objects.`;
    return transfer.deny(why, lfsRefusal(422, why));
  }
  if (batch.operation === "upload" && !mayUpload) {
    const why = `This task may not upload LFS objects to ${repository.url}.`;
    return transfer.deny(why, lfsRefusal(403, why));
  }
  const asking = { ...call, write: batch.operation === "upload" };
  const answer = await postLfs(parts.host, asking, "/info/lfs/objects/batch", batchBody(batch));
  if (!answer.ok) return turnDown(transfer, answer, lfsRefusal(answer.status, answer.why));
  const rewritten = await rewrite(parts, asking, batch, answer);
  if (rewritten === null) {
    const why = `${repository.host} gave no usable answer about LFS objects.`;
    return transfer.fail(why, lfsRefusal(502, why));
  }
  const addressOf = (object: LfsAnswered, action: LfsAction): string => {
    const real = rewritten.objects.get(action);
    return real === undefined ? "" : `${base}/git/lfs/${parts.objects.add(transfer.caller, real)}`;
  };
  return transfer.answer(batchAnswer(rewritten.answered, addressOf), { "content-type": LFS_JSON });
}

interface Rewritten {
  readonly answered: readonly LfsAnswered[];
  readonly objects: ReadonlyMap<LfsAction, LfsObject>;
}

async function rewrite(
  { host, now }: LfsParts,
  call: RepositoryCall,
  batch: LfsBatch,
  { response, url: from }: { response: IncomingMessage; url: URL },
): Promise<Rewritten | null> {
  const text = await readAll(response, MAX_ANSWER_BYTES);
  const answered = text === null ? null : parseBatchAnswer(text.toString(), batch, now());
  if (answered === null) return null;
  const objects = new Map<LfsAction, LfsObject>();
  for (const { oid, size, authenticated, actions } of answered) {
    for (const action of actions) {
      const url = new URL(action.href);
      if (url.protocol !== "https:" && from.protocol !== url.protocol) return null;
      const named = Object.keys(action.headers).some((name) => name.toLowerCase() === "authorization");
      // As git-lfs would: an address that brings nothing of its own is opened as the repository is.
      const credential =
        authenticated || named || url.origin !== from.origin ? null : await host.authorization(call, url);
      const headers = credential === null ? action.headers : { ...action.headers, authorization: credential };
      const expiresAt = now() + action.expiresInSeconds * 1000;
      const repository = call.repository.url;
      objects.set(action, { kind: action.kind, url, headers, repository, oid, size, expiresAt });
    }
  }
  return { answered, objects };
}

/** Before it uploads, git-lfs asks whether somebody has locked what it pushes. */
export async function answerLocksVerify(
  host: RepositoryHost,
  call: RepositoryCall,
  request: Request,
): Promise<Response> {
  const { transfer, repository } = call;
  const text = await readAll(request.body ?? noBytes(), MAX_ASKED_BYTES);
  const { cursor, limit, ref } = record(parse(text?.toString() ?? ""));
  const asked = JSON.stringify({ cursor, limit, ref: record(ref) });
  const answer = await postLfs(host, call, "/info/lfs/locks/verify", asked);
  if (!answer.ok) return turnDown(transfer, answer, lfsRefusal(answer.status, answer.why));
  const locks = await readAll(answer.response, MAX_ANSWER_BYTES);
  const why = `${repository.host} gave no usable answer about LFS locks.`;
  if (locks === null) return transfer.fail(why, lfsRefusal(502, why));
  return transfer.answer(locks.toString(), { "content-type": LFS_JSON });
}

function postLfs(host: RepositoryHost, call: RepositoryCall, ending: string, body: string) {
  const length = String(Buffer.byteLength(body));
  const headers = { "content-type": LFS_JSON, accept: LFS_JSON, "content-length": length };
  return host.post(call, {
    service: call.write ? "git-receive-pack" : "git-upload-pack",
    ending,
    headers,
    body: textBytes(body),
  });
}

/** Where git-lfs reaches us: the forwarder keeps the Host header of the agent's own side. */
function baseOf(request: Request): string | null {
  const host = request.headers.get("host") ?? "";
  return /^[a-z0-9.-]+(?::\d{1,5})?$/i.test(host) ? `http://${host}` : null;
}
