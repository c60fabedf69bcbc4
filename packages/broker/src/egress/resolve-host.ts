import { Resolver } from "node:dns/promises";

/** Every address of a name; none when there is no such name. Throws when nobody could say. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

const NO_SUCH_NAME: ReadonlySet<unknown> = new Set(["ENOTFOUND", "ENODATA"]);

/**
 * Asks the name servers itself: dns.lookup would wait in one of the process's four worker threads, and a task
 * that looks up names nobody answers for would stop the files and the signatures of all the others. So names of
 * the machine's own hosts file are not known here.
 */
export function createResolver(servers: readonly string[] = []): Resolve {
  return async (hostname) => {
    // A new one each time (0.03 ms) knows the name servers of the network this machine is in by now.
    const resolver = new Resolver({ timeout: 2_000, tries: 3 });
    if (servers.length > 0) resolver.setServers(servers);
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const found = [v4, v6].flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    const broken = [v4, v6].find((answer) => answer.status === "rejected" && !isNoSuchName(answer.reason));
    if (found.length === 0 && broken?.status === "rejected") throw broken.reason;
    return found;
  };
}

function isNoSuchName(error: unknown): boolean {
  return error instanceof Error && "code" in error && NO_SUCH_NAME.has(error.code);
}
