import { describe, expect, it } from "vitest";
import { EMPTY } from "./draft.ts";
import { begun, keptAt, placeOf, withKept } from "./kept-draft.ts";
import type { Kept } from "./kept-draft.ts";

const kept = (prompt: string, part: Partial<Kept> = {}): Kept => ({
  draft: { ...EMPTY, prompt },
  given: "",
  earlier: "",
  ...part,
});

describe("forms that are kept over a reload", () => {
  it("are as many as there are ways to begin: anew, as another run, from each of its checkpoints", () => {
    const places = [{}, { like: "r" }, { like: "r", checkpoint: 1 }, { like: "r", checkpoint: 2 }].map(
      placeOf,
    );
    expect(new Set(places).size).toBe(4);
    let stored: string | null = null;
    for (const place of places) stored = withKept(stored, place, kept(`for ${place}`));
    for (const place of places) expect(keptAt(stored, place)?.draft.prompt).toBe(`for ${place}`);
    const fewer = withKept(stored, "new", null);
    expect([keptAt(fewer, "new"), keptAt(fewer, "r 1")?.draft.prompt]).toEqual([null, "for r 1"]);
  });

  it("hold all but values, which may be secret", () => {
    const draft = {
      ...EMPTY,
      questions: null,
      env: { TZ: "UTC" },
      secrets: { TOKEN: "ghp_1" },
      base: { priority: 5 },
    };
    const stored = withKept(null, "new", kept("", { draft, given: "a", earlier: "b" }));
    expect(stored).not.toMatch(/ghp_1|UTC/);
    expect(keptAt(stored, "new")).toEqual({
      draft: { ...draft, env: { TZ: "" }, secrets: { TOKEN: "" } },
      given: "a",
      earlier: "b",
    });
  });

  it("go when newer ones need the room", () => {
    let stored: string | null = null;
    for (let at = 0; at < 9; at++) stored = withKept(stored, `run ${at}`, kept("words"));
    expect([keptAt(stored, "run 0"), keptAt(stored, "run 1")]).toEqual([null, kept("words")]);
  });

  it("are nothing when something else is found in their place", () => {
    for (const stored of [null, "", "{}", "[1, [], [2]]", `[["new", 1]]`, "no JSON"])
      expect(keptAt(stored, "new")).toBeNull();
    const odd = JSON.stringify([["new", { draft: { prompt: 1, name: "a", other: 2 }, given: 3 }]]);
    expect(keptAt(odd, "new")).toEqual(kept("", { draft: { ...EMPTY, name: "a" } }));
  });
});

describe("what a form begins with", () => {
  const fresh = { ...EMPTY, prompt: "as the run was", model: "opus" };

  it("is what was left there, else what it is filled in with", () => {
    expect(begun(fresh, undefined, null)).toEqual({ draft: fresh, given: "", earlier: "" });
    const left = kept("half a sentence", { given: "comments" });
    expect(begun(fresh, undefined, left)).toBe(left);
    expect(begun({ ...fresh, prompt: "comments" }, "comments", left)).toBe(left);
  });

  it("is the words that are brought along, with what was left beside them", () => {
    const brought = { ...fresh, prompt: "brought" };
    const left = kept("half a sentence", {
      draft: { ...EMPTY, prompt: "half", budget: "3" },
      earlier: "older",
    });
    expect(begun(brought, "brought", left)).toEqual({
      draft: { ...EMPTY, prompt: "brought", budget: "3" },
      given: "brought",
      earlier: "half\n\nolder",
    });
    expect(begun(brought, "brought", kept("rough")).earlier).toBe("");
  });
});
