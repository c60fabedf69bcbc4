/** The narrowest of what file systems and object stores take. */
const MAX_KEY = 1024;
const MAX_PART = 200;
const PART = /^[A-Za-z0-9._-]+$/;

/** What is wrong with a storage key, as the end of a sentence; null when nothing is. */
export function storageKeyProblem(key: string): string | null {
  if (key.length === 0) return "is empty";
  if (key.length > MAX_KEY) return `is longer than ${MAX_KEY} characters`;
  for (const part of key.split("/")) {
    if (part === "") return "has an empty part";
    if (part === "." || part === "..") return `has the part "${part}"`;
    if (part.length > MAX_PART) return `has a part longer than ${MAX_PART} characters`;
    if (!PART.test(part)) return "has a character other than letters, digits, dot, underscore and dash";
  }
  return null;
}
