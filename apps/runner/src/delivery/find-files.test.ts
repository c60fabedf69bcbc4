import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WorkRoom } from "../testing/work-room.ts";
import { findFiles } from "./find-files.ts";

const LIMITS = { files: 3, bytes: 100, fileBytes: 50 };

describe("files asked for by pattern", () => {
  let room: WorkRoom;
  beforeEach(async () => {
    room = await WorkRoom.open();
  });
  afterEach(() => room.close());
  const find = (...patterns: string[]) => findFiles(room.workspace, patterns, LIMITS, room.signal);

  it("are found also when git ignores them, sorted, each once", async () => {
    room.write(".gitignore", "dist\n");
    room.write("dist/b.js", "b");
    room.write("dist/a.js", "aa");
    expect(await find("dist/**", "**/*.js")).toEqual({
      files: [
        { path: "dist/a.js", bytes: 2 },
        { path: "dist/b.js", bytes: 1 },
      ],
      leftOut: null,
    });
  });

  it("are no links, and nothing behind a link or inside .git", async () => {
    symlinkSync("/etc", join(room.workspace, "etc"));
    symlinkSync("/etc/passwd", join(room.workspace, "passwd"));
    mkdirSync(join(room.workspace, "sub/.git"), { recursive: true });
    room.write("sub/.git/config", "secret");
    expect((await find("**")).files).toEqual([{ path: "a.txt", bytes: 4 }]);
  });

  it("are limited in number and size, and what is left out is said", async () => {
    for (const name of ["1", "2", "3", "4"]) room.write(`out/${name}`, "x");
    room.write("out/0-large", "x".repeat(51));
    const { files, leftOut } = await find("out/*");
    expect(files.map(({ path }) => path)).toEqual(["out/1", "out/2", "out/3"]);
    expect(leftOut).toContain("2 more files match");
  });

  it("are not looked for any longer than there is time", async () => {
    const found = await findFiles(room.workspace, ["**"], LIMITS, AbortSignal.abort());
    expect(found).toEqual({ files: [], leftOut: expect.stringContaining("no time") });
  });
});
