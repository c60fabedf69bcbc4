import { refusal } from "./refusal.ts";
import type { HostAnswer, RepositoryCall } from "./repository-host.ts";

/** What comes back from a git host, when it is what a git host says and not a page to log in at. */
export function gitAnswer(
  { transfer, repository }: RepositoryCall,
  answer: HostAnswer,
  type: string,
  look?: (chunk: Uint8Array) => void,
): Response {
  if (!answer.ok) return turnDown(transfer, answer, refusal(answer.status, answer.why));
  const { response } = answer;
  if (response.headers["content-type"] !== type) {
    response.destroy();
    const why = `${repository.url} does not answer as a git repository does.`;
    return transfer.fail(why, refusal(502, why));
  }
  const headers = new Headers({ "content-type": type, "cache-control": "no-store" });
  return transfer.stream(response, 200, headers, look);
}

/** 403 is our own refusal, everything else the host's. */
export function turnDown(
  transfer: RepositoryCall["transfer"],
  { status, why }: { status: number; why: string },
  response: Response,
): Response {
  return status === 403 ? transfer.deny(why, response) : transfer.fail(why, response);
}
