import { readFile } from "node:fs/promises";
import { bootstrapSchema } from "@agency/contract";
import type { Bootstrap } from "@agency/contract";

export type BootstrapResult =
  | { readonly ok: true; readonly bootstrap: Bootstrap }
  | { readonly ok: false; readonly problem: string };

export async function readBootstrap(path: string): Promise<BootstrapResult> {
  try {
    const parsed = bootstrapSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
    if (parsed.success) return { ok: true, bootstrap: parsed.data };
    // Names of fields only: the values hold the token.
    const fields = parsed.error.issues.map((issue) => issue.path.join(".")).join(", ");
    return { ok: false, problem: `The bootstrap ${path} is not valid: ${fields}.` };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "not JSON";
    return { ok: false, problem: `The bootstrap ${path} cannot be read: ${code}.` };
  }
}
