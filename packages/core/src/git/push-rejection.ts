/**
 * Why a host took a ref not, from what `git push --porcelain` prints; null when it says nothing of that. A line of it:
 * `!<tab>from:to<tab>[rejected] (fetch first)`
 */
export function pushRejection(stdout: string): string | null {
  const line = stdout.split("\n").find((one) => one.startsWith("!"));
  return line?.split("\t")[2] ?? null;
}
