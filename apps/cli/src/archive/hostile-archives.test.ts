import { describe, expect, it } from "vitest";
import { paxEntry, tar, tarEntry } from "../testing/tar.ts";
import { readTar } from "./read-tar.ts";
import { scanEntries } from "./scan-entries.ts";

async function* inPieces(bytes: Buffer, size = bytes.length) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const scan = (bytes: Buffer, { caseSensitive = true, limits = { entries: 100, bytes: 1_000_000 } } = {}) =>
  scanEntries(readTar(inPieces(bytes)), { caseSensitive, limits });
const file = (name: string) => tar({ name, body: "x" });
const links = (...pairs: [string, string][]) =>
  tar(...pairs.map(([name, link]) => ({ name, link, type: "2" })));

describe("an archive that no runner makes is refused as a whole", () => {
  it.each<[string, Buffer, string]>([
    ["a name that goes up", file("../evil"), "leads out of the folder"],
    ["a name that goes up from the inside", file("a/../../evil"), "leads out of the folder"],
    ["a name that goes up and comes back", file("a/../b"), "leads out of the folder"],
    ["an absolute name", file("/etc/cron.d/evil"), "begins at the root of the disk"],
    [
      "an absolute name in an extended header",
      tar(paxEntry({ path: "/evil" }), { name: "ok" }),
      "begins at the root",
    ],
    [
      "a name that goes up in a long name",
      tar({ name: "@", type: "L", body: "../evil\0" }, { name: "ok" }),
      "leads out",
    ],
    ["a NUL in a name", tar(paxEntry({ path: "a\0b" }), { name: "ok" }), "holds a NUL byte"],
    [
      "a name of 4,097 bytes",
      tar(paxEntry({ path: "a/".repeat(2048) + "b" }), { name: "ok" }),
      "longer than a path",
    ],
    ["a part of 256 bytes", tar(paxEntry({ path: "a".repeat(256) }), { name: "ok" }), "longer than a name"],
    [
      "201 folders in each other",
      tar(paxEntry({ path: "a/".repeat(201) + "b" }), { name: "ok" }),
      "deeper than 200",
    ],
    ["a repository's own files", file(".git/hooks/post-checkout"), "would change a git repository"],
    ["the same in capitals", file("sub/.GIT/config"), "would change a git repository"],
    ["the same with a dot behind", file(".git./config"), "would change a git repository"],
    ["the same by its short name", file("GIT~1/config"), "would change a git repository"],
    [
      "the same with a character nobody sees",
      file(Buffer.from(".g\u200cit/config").toString("latin1")),
      "git repository",
    ],
    ["the same as a stream", file(".git::$INDEX_ALLOCATION/config"), "would change a git repository"],
    ["one name twice", tar({ name: "a", body: "1" }, { name: "a", body: "2" }), 'holds "a" twice'],
    ["one name twice, written in two ways", tar({ name: "a/b" }, { name: "./a//b" }), 'holds "a/b" twice'],
    ["a file below a link", tar({ name: "d", type: "2", link: "e" }, { name: "d/x" }), 'holds "d" twice'],
    ["a file below a file", tar({ name: "d" }, { name: "d/x" }), 'holds "d" twice'],
    [
      "a link in the place of a folder",
      tar({ name: "d/x" }, { name: "d", type: "2", link: "e" }),
      'holds "d" twice',
    ],
    [
      "a folder in the place of a link",
      tar({ name: "d", type: "2", link: "e" }, { name: "d/", type: "5" }),
      "twice",
    ],
    [
      "a wrong checksum",
      Buffer.concat([tarEntry({ name: "a" }).fill("7", 0, 1), Buffer.alloc(1024)]),
      "checksum",
    ],
    [
      "a size that is no number",
      tar({ name: "a", sizeField: Buffer.from("9999999999x\0") }),
      "a number that is none",
    ],
    ["a size below zero", tar({ name: "a", sizeField: Buffer.alloc(12, 0xff) }), "a number that is none"],
    ["more bytes than it holds", tarEntry({ name: "a", body: "x", size: 4000 }), "ends in the middle"],
    ["an end in the middle of a header", tarEntry({ name: "a" }).subarray(0, 300), "ends in the middle"],
    ["no end at all", tarEntry({ name: "a" }), "ends in the middle"],
    ["a name of a megabyte", tar({ name: "@", type: "L", size: 1_000_000 }), "longer than any path"],
    [
      "a damaged extended header",
      tar({ name: "x", type: "x", body: "99 path=evil\n" }, { name: "a" }),
      "damaged",
    ],
    ["one name for all", tar(paxEntry({ path: "evil" }, "g"), { name: "a" }), "one name or size to all"],
    ["8 GB of nothing", tar({ name: "a", size: 0o77777777777 }), "more than any archive may"],
    [
      "an exabyte in binary",
      tar({ name: "a", sizeField: Buffer.from("800000000fffffffffffffff", "hex") }),
      "none",
    ],
    [
      "too many entries",
      tar(...Array.from({ length: 101 }, (_, at) => ({ name: `f${at}` }))),
      "more than 100 entries",
    ],
  ])("%s", async (_, bytes, why) => {
    await expect(scan(bytes)).rejects.toMatchObject({
      name: "ArchiveError",
      message: expect.stringContaining(why),
    });
  });

  it.each([
    ["upper and lower case", "README", "readme"],
    [
      "one letter in two codings",
      Buffer.from("\u00e9").toString("latin1"),
      Buffer.from("e\u0301").toString("latin1"),
    ],
    ["folders", "Dir/a", "dir/b"],
  ])("names that are the same on such a disk: %s", async (_, one, other) => {
    const bytes = tar({ name: one }, { name: other });
    await expect(scan(bytes, { caseSensitive: false })).rejects.toThrow(
      "does not tell upper from lower case",
    );
    expect((await scan(bytes)).entries).toHaveLength(2);
  });
});

describe("what an honest workspace can hold and is not made here is left out", () => {
  it.each<[string, Buffer, string]>([
    ["a device", tar({ name: "null", type: "3" }), "is a device"],
    ["a disk", tar({ name: "sda", type: "4" }), "is a device"],
    ["a pipe", tar({ name: "p", type: "6" }), "is a pipe"],
    ["a hard link", tar({ name: "h", type: "1", link: "/etc/passwd" }), "is a hard link"],
    ["a sparse file", tar({ name: "s", type: "S" }), "is a sparse file"],
    [
      "a sparse file in new clothes",
      tar(paxEntry({ "GNU.sparse.major": "1" }), { name: "s" }),
      "is a sparse file",
    ],
    ["something newer", tar({ name: "z", type: "Z" }), "is of an unknown kind"],
    ["a link to the root", links(["l", "/etc/passwd"]), "points to the root of the disk"],
    ["a link that goes up", links(["l", "../x"]), "points out of the folder"],
    ["a link that goes up too far", links(["a/b/l", "../../../x"]), "points out of the folder"],
    ["a link that goes up through another", links(["l", "d/../../x"]), "points up through another folder"],
    ["a link into a repository", links(["l", ".git/hooks"]), "points into a git repository"],
    ["a link to nothing", links(["l", ""]), "points to nothing"],
  ])("%s", async (_, bytes, why) => {
    const { entries, leftOut } = await scan(bytes);
    expect(entries).toEqual([]);
    expect(leftOut).toEqual([{ path: expect.any(String), why }]);
  });
});

describe("what is written", () => {
  it("has no rights beyond 0755, and its owner can always read and write it", async () => {
    const modes = [0o4755, 0o2777, 0o1777, 0o666, 0o000, 0o777];
    const { entries } = await scan(tar(...modes.map((mode, at) => ({ name: `f${at}`, mode }))));
    expect(entries.map(({ mode }) => mode.toString(8))).toEqual(["755", "755", "755", "644", "600", "755"]);
  });

  it.each(["..%2fx", "%2e%2e/x", "..\\x", "....//x", "C:..", "~/x", "-rf", "a\nb", "\xff\xfe", "…"])(
    "can have an odd name: %j",
    async (name) => {
      const bytes = Buffer.from(name).toString("latin1");
      const { entries } = await scan(file(name === "\xff\xfe" ? name : bytes));
      expect(entries).toHaveLength(1);
    },
  );

  it("can hold links that stay inside", async () => {
    const { entries, leftOut } = await scan(links(["a/b/l", "../../x"], ["m", "a/b"], ["n", "."]));
    expect(leftOut).toEqual([]);
    expect(entries.map(({ path, target }) => [path, target])).toEqual([
      ["a/b/l", "../../x"],
      ["m", "a/b"],
      ["n", "."],
    ]);
  });

  it("is the same however the bytes arrive", async () => {
    const long = `${"d/".repeat(60)}${"n".repeat(100)}`;
    const bytes = tar(
      { name: "a/", type: "5" },
      { name: "a/x", body: "hello".repeat(500) },
      paxEntry({ path: long, comment: "c" }),
      { name: "cut", body: "y" },
      { name: "@", type: "L", body: "long-name\0" },
      { name: "cut", body: "z" },
    );
    const whole = await scan(bytes);
    expect(whole.entries.map(({ path }) => path)).toEqual(["a", "a/x", long, "long-name"]);
    for (const size of [1, 7, 511, 513]) {
      const entries = await scanEntries(readTar(inPieces(bytes, size)), { caseSensitive: true });
      expect(entries).toEqual(whole);
    }
  });
});
