/** git prints a plain-text body line by line behind `remote:`. */
export function refusal(status: number, sentence: string): Response {
  return new Response(`${sentence}\n`, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}

export const LFS_JSON = "application/vnd.git-lfs+json";

/** git-lfs prints `message`. A 401 would make it ask for a password; nobody has one here. */
export function lfsRefusal(status: number, message: string): Response {
  return new Response(JSON.stringify({ message }), { status, headers: { "content-type": LFS_JSON } });
}
