import type { ByteString } from "./tar-header.ts";

const MAX_PATH_BYTES = 4096;
const MAX_PART_BYTES = 255;
const MAX_DEPTH = 200;

type JudgedPath = { ok: true; parts: ByteString[] } | { ok: false; why: string };

/** The parts of a name below a folder, or why it does not stay there. */
export function judgePath(name: ByteString): JudgedPath {
  if (name.includes("\0")) return bad("holds a NUL byte");
  if (name.startsWith("/")) return bad("begins at the root of the disk");
  if (name.length > MAX_PATH_BYTES) return bad("is longer than a path can be");
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) return bad("leads out of the folder");
  if (parts.some((part) => part.length > MAX_PART_BYTES)) return bad("is longer than a name can be");
  if (parts.length > MAX_DEPTH) return bad("lies deeper than 200 folders");
  if (parts.some(isGitFolder)) return bad("would change a git repository from the inside");
  return { ok: true, parts };
}

/** Whether a link in the folder `parts` stays below the top, in whatever order it and others are made. */
export function judgeTarget(parts: readonly ByteString[], target: ByteString): string | null {
  if (target === "" || target.includes("\0")) return "points to nothing";
  if (target.startsWith("/")) return "points to the root of the disk";
  if (target.length > MAX_PATH_BYTES) return "points to more than a path can be";
  const steps = target.split("/").filter((step) => step !== "" && step !== ".");
  const up = steps.findIndex((step) => step !== "..");
  const ups = up === -1 ? steps.length : up;
  if (ups > parts.length - 1) return "points out of the folder";
  // `a/..` is not where it seems to be when `a` is itself a link.
  if (steps.slice(ups).includes("..")) return "points up through another folder";
  if (steps.slice(ups).some(isGitFolder)) return "points into a git repository";
  return null;
}

/** Also as the file systems of macOS and Windows would read it: other case, ignored characters, short names. */
function isGitFolder(part: ByteString): boolean {
  const read = Buffer.from(part, "latin1")
    .toString("utf8")
    .replace(/[\u200b-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, "")
    .replace(/[. ]+$|:.*$/g, "")
    .toLowerCase();
  return read === ".git" || /^git~\d$/.test(read);
}

/** What a file system that does not tell case apart would take for the same name. */
export function foldPath(path: ByteString): string {
  return Buffer.from(path, "latin1").toString("utf8").normalize("NFC").toLowerCase();
}

export const shownPath = (path: ByteString): string => Buffer.from(path, "latin1").toString("utf8");

const bad = (why: string): JudgedPath => ({ ok: false, why });
