import { AgencyError } from "@agency/contract";
import { createLanes } from "@agency/core";
import type { RepositoryBlob, RepositoryObjects } from "@agency/core";
import { repositoryOfUrl } from "../git/repository-address.ts";
import { arePacksWhole } from "./mirror-packs.ts";
import { placeOf } from "./mirror-place.ts";
import { readGit, runGit } from "./server-git.ts";

const OBJECT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const LOOK_MS = 10_000;
/** Over that a reader who takes his time gets no more. */
const READ_MS = 5 * 60_000;
/** Each is a process. */
const MOST_AT_ONCE = { account: 8, all: 16 };

const never = new AbortController().signal;

/** Reads the mirrors below `root`. One that goes meanwhile is as one that was never there. */
export function createMirrorObjects(root: string): RepositoryObjects {
  const lanes = createLanes(MOST_AT_ONCE);
  return {
    async blob(accountId, url, object): Promise<RepositoryBlob | null> {
      const address = repositoryOfUrl(url);
      if (address === null || !OBJECT.test(object)) return null;
      const { repository } = placeOf(root, accountId, address);
      if (!(await arePacksWhole(repository))) return null;
      const take = () => lanes(accountId) ?? tooMany();
      const bytes = await sizeOf(repository, object, take);
      return bytes === null ? null : { bytes, open: () => contentOf(repository, object, take) };
    },
  };
}

/** Gives it back when called, once. */
type GiveBack = () => void;

function tooMany(): never {
  throw new AgencyError("too_many_requests", "Too many files of repositories are being read.", {
    next: "Try again in a moment.",
    retryAfterMs: 1_000,
  });
}

async function sizeOf(repository: string, object: string, take: () => GiveBack): Promise<number | null> {
  const giveBack = take();
  try {
    const call = { repository, timeoutMs: LOOK_MS, signal: never, input: `${object}\n` };
    const { ok, stdout } = await runGit(["cat-file", "--batch-check"], call);
    const bytes = ok ? /^[0-9a-f]+ blob (\d{1,15})\n$/.exec(stdout)?.[1] : undefined;
    return bytes === undefined ? null : Number(bytes);
  } finally {
    giveBack();
  }
}

/** Its process starts with the first read. */
function contentOf(repository: string, object: string, take: () => GiveBack): ReadableStream<Uint8Array> {
  const giveBack = take();
  const pieces = readGit(["cat-file", "blob", object], { repository, timeoutMs: READ_MS, signal: never });
  let timer: NodeJS.Timeout | undefined;
  const over = (): void => {
    clearTimeout(timer);
    giveBack();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // A reader who has stopped reading asks for nothing more, so nothing else would end it.
        timer = setTimeout(() => {
          over();
          controller.error(new Error("This took too long to be read."));
          pieces.return(undefined).catch(() => undefined);
        }, READ_MS).unref();
      },
      async pull(controller) {
        try {
          const { value, done } = await pieces.next();
          if (done !== true) return controller.enqueue(value);
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        over();
      },
      async cancel() {
        over();
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
