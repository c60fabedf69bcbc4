import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { chmod, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

const HERE = new URL("./", import.meta.url).href;
const NOBODY = 65_534;

it("a folder is removed also when its owner closed it, and no link in it is followed", async () => {
  const root = await mkdtemp(join(tmpdir(), "agency-remove-"));
  const isRoot = process.geteuid?.() === 0;
  const own = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  try {
    chmodSync(root, 0o777);
    mkdirSync(join(root, "kept"));
    chmodSync(join(root, "kept"), 0o755);
    writeFileSync(join(root, "kept", "file"), "kept");
    symlinkSync(join(root, "kept"), join(root, "link"));
    const source = readFileSync(new URL("remove-folder.ts", HERE), "utf8");
    writeFileSync(join(root, "remove-folder.ts"), source);
    // Whoever is root is never refused: as somebody else.
    const script = `
      import { mkdirSync, writeFileSync, chmodSync, symlinkSync, rmSync } from "node:fs";
      import { removeFolder } from "${join(root, "remove-folder.ts")}";
      mkdirSync("${root}/go/mod/inner", { recursive: true });
      writeFileSync("${root}/go/mod/inner/file", "");
      symlinkSync("${root}/kept", "${root}/go/mod/out");
      for (const path of ["go/mod/inner", "go/mod"]) chmodSync("${root}/" + path, 0o555);
      let refused = false;
      try { rmSync("${root}/go", { recursive: true }); } catch { refused = true; }
      await removeFolder("${root}/go");
      process.stdout.write(String(refused));`;
    const args = ["--input-type=module", "-e", script];
    const { stdout, stderr } = spawnSync(await reachableNode(root), args, { ...own, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout).toBe("true");
    expect(existsSync(join(root, "go"))).toBe(false);
    expect(readFileSync(join(root, "kept", "file"), "utf8")).toBe("kept");
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

/** The repository may lie where nobody else can go. */
async function reachableNode(root: string): Promise<string> {
  const path = join(root, "node");
  await copyFile(process.execPath, path);
  await chmod(path, 0o755);
  return path;
}
