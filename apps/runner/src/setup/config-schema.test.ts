import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { repositoryConfigSchema } from "./config-schema.ts";

const README = readFileSync(new URL("../../../../README.md", import.meta.url), "utf8");

describe("the configuration of a repository", () => {
  it("is what the README shows, with every part that can be set but one", () => {
    const shown: unknown = parse(/```yaml\n([^]*?)```/.exec(README)?.[1] ?? "");
    const read = repositoryConfigSchema.strict().parse(shown);
    const parts = Object.keys(repositoryConfigSchema.shape).filter((part) => part !== "setupTimeout");
    expect(Object.keys(shown ?? {})).toEqual(expect.arrayContaining(parts));
    expect(read.limits).toEqual({ wallMs: 3_600_000, silenceMs: 600_000, turns: 200, costUsd: 5 });
  });
});
