import { readFileSync } from "node:fs";

/** The one place that holds the version is the package itself. */
export function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const content = JSON.parse(text) as { version: string };
  return content.version;
}
