import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tar, tarZst } from "../testing/tar.ts";
import { tellsCaseApart } from "./case-sensitive.ts";
import { compareFolder } from "./compare-folder.ts";
import { extractEntries } from "./extract-entries.ts";
import { createFolderWriter, InTheWay } from "./folder-writer.ts";
import { openArchive } from "./open-archive.ts";
import { scanEntries } from "./scan-entries.ts";

let top: string;
let folder: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "agency-extract-"));
  folder = join(top, "here");
  mkdirSync(folder);
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

async function unpack(bytes: Buffer, replace = false) {
  const path = join(top, "archive");
  writeFileSync(path, bytes);
  const { entries } = await scanEntries(openArchive(path), { caseSensitive: true });
  const writer = createFolderWriter(folder);
  const compared = await compareFolder(writer, entries);
  const write = () =>
    extractEntries(openArchive(path), [...compared.create, ...compared.differ], writer, () => replace);
  return { compared, write };
}
const mode = (name: string) => (statSync(join(folder, name)).mode & 0o7777).toString(8);

describe("an archive becomes a folder", () => {
  it("with files, folders and links, whole and as they were", async () => {
    const large = Buffer.alloc(300_000, "large ");
    const { write } = await unpack(
      tarZst(
        { name: "empty/", type: "5", mode: 0o777 },
        { name: "src/run", body: large, mode: 0o4755 },
        { name: "src/link", type: "2", link: "../notes.txt" },
        { name: "notes.txt", body: "hi", mode: 0o666 },
        { name: "\xff\n", body: "odd" },
      ),
    );
    await write();
    expect(readFileSync(join(folder, "src/run")).equals(large)).toBe(true);
    expect([mode("src/run"), mode("notes.txt"), mode("empty")]).toEqual(["755", "644", "755"]);
    expect(readlinkSync(join(folder, "src/link"))).toBe("../notes.txt");
    const odd = readdirSync(folder, { encoding: "buffer" }).find((name) => name[0] === 0xff);
    expect(odd).toEqual(Buffer.from([0xff, 0x0a]));
    expect(
      readdirSync(folder, { recursive: true }).filter((name) => String(name).includes(".agency")),
    ).toEqual([]);
  });

  it("and a second time nothing is left to do", async () => {
    const bytes = tar({ name: "a/b", body: "1" }, { name: "l", type: "2", link: "a" });
    await (await unpack(bytes)).write();
    expect((await unpack(bytes)).compared).toMatchObject({ create: [], differ: [], same: 2, inTheWay: [] });
  });

  it("but not over files that differ, unless told to", async () => {
    writeFileSync(join(folder, "a"), "mine");
    const bytes = tar({ name: "a", body: "its" });
    const { compared, write } = await unpack(bytes);
    expect(compared.differ.map(({ path }) => path)).toEqual(["a"]);
    await expect(write()).rejects.toMatchObject({ code: "EEXIST" });
    expect(readFileSync(join(folder, "a"), "utf8")).toBe("mine");
    await (await unpack(bytes, true)).write();
    expect(readFileSync(join(folder, "a"), "utf8")).toBe("its");
  });

  it("never through a link that was here before", async () => {
    mkdirSync(join(top, "outside"));
    symlinkSync(join(top, "outside"), join(folder, "d"));
    const { compared } = await unpack(tar({ name: "d/x", body: "evil" }));
    expect(compared.inTheWay).toEqual(["d is not a folder"]);
    expect(readdirSync(join(top, "outside"))).toEqual([]);
  });

  it("never through a link that appears after everything was judged", async () => {
    const { write } = await unpack(tar({ name: "d/x", body: "evil" }), true);
    mkdirSync(join(top, "outside"));
    symlinkSync(join(top, "outside"), join(folder, "d"));
    await expect(write()).rejects.toBeInstanceOf(InTheWay);
    expect(readdirSync(join(top, "outside"))).toEqual([]);
  });

  it("and replaces a link itself, not what it points to", async () => {
    writeFileSync(join(top, "precious"), "mine");
    symlinkSync(join(top, "precious"), join(folder, "a"));
    await (await unpack(tar({ name: "a", body: "its" }), true)).write();
    expect(readFileSync(join(top, "precious"), "utf8")).toBe("mine");
    expect(readFileSync(join(folder, "a"), "utf8")).toBe("its");
  });

  it.each([
    ["a folder for a file", () => mkdirSync(join(folder, "a")), "a is not a file"],
    ["a file for a folder", () => writeFileSync(join(folder, "b"), ""), "b is not a folder"],
  ])("never puts %s aside", async (_, prepare, why) => {
    prepare();
    const { compared } = await unpack(tar({ name: "a", body: "1" }, { name: "b/c", body: "2" }), true);
    expect(compared.inTheWay).toEqual([why]);
  });

  it("is refused when its compression is damaged", async () => {
    const bytes = tarZst({ name: "a", body: "x".repeat(5000) });
    for (const broken of [bytes.subarray(0, 40), Buffer.concat([bytes.subarray(0, 8), bytes.subarray(20)])]) {
      await expect(unpack(broken)).rejects.toMatchObject({ name: "ArchiveError" });
    }
  });

  it("knows whether the disk tells case apart", async () => {
    writeFileSync(join(folder, "probe"), "");
    const apart = readdirSync(folder).includes("probe") && !readable(join(folder, "PROBE"));
    expect(await tellsCaseApart(folder)).toBe(apart);
  });
});

function readable(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}
