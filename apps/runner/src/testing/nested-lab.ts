import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import type { Captured } from "../checkpoint/capture.ts";
import { openLabWorkspace } from "./checkpoint-lab.ts";
import type { LabWorkspace } from "./checkpoint-lab.ts";
import { git } from "./git-server.ts";

/** A workspace for each test, and what one does in it with repositories. */
export class NestedLab {
  root = "";
  declare one: LabWorkspace;

  constructor() {
    beforeEach(async () => {
      this.root = mkdtempSync(join(tmpdir(), "agency-nested-"));
      this.one = await openLabWorkspace(join(this.root, "one"));
    });
    afterEach(() => rmSync(this.root, { recursive: true, force: true }));
  }

  readonly at = (path: string, of = this.one): string => join(of.workspace, path);

  readonly write = (path: string, content: string | Buffer): void => {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), content);
  };

  readonly addRepository = (path: string): void => {
    mkdirSync(this.at(path), { recursive: true });
    git(this.at(path), "init", "--quiet", "-b", "main");
    this.write(`${path}/a.txt`, "a\n");
    commitAll(this.at(path), "theirs");
  };

  readonly take = async (of = this.one): Promise<Captured> => {
    const captured = await of.take();
    if (captured === null) throw new Error("There was nothing to take.");
    return captured;
  };
}

export function commitAll(folder: string, message: string): void {
  git(folder, "add", "--all");
  git(folder, "commit", "--quiet", "--allow-empty", "-m", message);
}
