import { describe, expect, it } from "vitest";
import { printPlace } from "./place.ts";
import { findPosition } from "./position.ts";
import type { Position } from "./position.ts";
import type { Entry } from "./request.ts";
import { when } from "./script.ts";
import type { Script } from "./script.ts";

const script: Script = {
  steps: [{ text: "s0" }, { text: "s1" }, { text: "s2" }],
  react: [
    when(/stop/, { say: "stopping", ends: true }),
    when(/detour (\w+)/, (match) => ({
      say: `to ${match[1]}`,
      play: [{ text: `${match[1]}0` }, { text: `${match[1]}1` }],
    })),
    when(/hello/, { say: "hi" }),
  ],
  after: { text: "over" },
};

const user = (text: string): Entry => ({ kind: "user", text });
const text: Entry = { kind: "assistant", callIds: [] };
const calls = (...places: string[]): Entry => ({
  kind: "assistant",
  callIds: places.map((place, n) => `t_${place}_${n}_0a`),
});
const results = (...texts: string[]): Entry => ({
  kind: "results",
  results: texts.map((text) => ({ callId: "", text, isError: false })),
});
const cutOff: Entry = { kind: "cut-off" };

function at(entries: readonly Entry[], firstStep = 0): Position {
  return findPosition(script, { script: "t", prompt: "", firstStep, entriesFrom: 0 }, entries);
}

function place(entries: readonly Entry[], firstStep = 0): string {
  const position = at(entries, firstStep);
  return position.isOver ? "after" : printPlace(position.place);
}

describe("findPosition", () => {
  it("starts with the first step", () => {
    expect(place([])).toBe("0");
  });

  it("goes on after the step whose id comes back, however many calls it made", () => {
    expect(place([calls("0", "0", "0"), results("a", "b", "c")])).toBe("1");
  });

  it("counts an answer of text alone as the step that was due", () => {
    expect(place([text, user("more")])).toBe("1");
    expect(place([calls("0"), results("a"), text, user("more")])).toBe("2");
  });

  it("believes an id more than a count, so that missing history does no harm", () => {
    expect(place([calls("1"), results("a")])).toBe("2");
  });

  it("begins where a shortened history says and still follows what was kept of it", () => {
    expect(place([], 1)).toBe("1");
    expect(place([text, user("more")], 1)).toBe("2");
  });

  it("is over after the last step", () => {
    expect(at([text, text, text, user("more")])).toMatchObject({ isOver: true, source: { text: "over" } });
  });

  it("takes a detour and comes back", () => {
    const first = [calls("0"), results("a"), user("detour x")];
    expect(at(first)).toMatchObject({ place: { step: 1, detour: 0 }, source: { text: "x0" }, say: ["to x"] });
    const second = [...first, calls("1r0"), results("b")];
    expect(at(second)).toMatchObject({ place: { step: 1, detour: 1 }, source: { text: "x1" }, say: [] });
    expect(place([...second, calls("1r1"), results("c")])).toBe("1");
  });

  it("takes several detours one after the other", () => {
    const both = [calls("0"), results("a"), user("detour x"), user("detour y")];
    expect(at(both).say).toEqual(["to x", "to y"]);
    const xDone = [...both, calls("1r0"), results("b"), calls("1r1"), results("c")];
    expect(at(xDone).source).toEqual({ text: "y0" });
    expect(place([...xDone, calls("1r0"), results("d"), calls("1r1"), results("e")])).toBe("1");
  });

  it("takes a detour after the end, as a new turn", () => {
    const ended = [text, text, text, user("detour z")];
    expect(at(ended)).toMatchObject({ isOver: false, source: { text: "z0" } });
    expect(place([...ended, calls("3r0"), results("a"), calls("3r1"), results("b")])).toBe("after");
  });

  it("says something without leaving the path, once", () => {
    const heard = [calls("0"), results("a"), user("hello")];
    expect(at(heard)).toMatchObject({ place: { step: 1 }, say: ["hi"], newTexts: ["hello"] });
    expect(at([...heard, calls("1"), results("b")])).toMatchObject({ say: [], newTexts: [] });
  });

  it("leaves out the remaining steps when a message ends the story", () => {
    expect(at([calls("0"), results("a"), user("stop")])).toMatchObject({ isOver: true, say: ["stopping"] });
  });

  it("goes on with the script when a detour is lost with the history", () => {
    expect(place([calls("2r1"), results("a")])).toBe("2");
  });

  it("gives an answer again that did not arrive whole, with what was said in front of it", () => {
    expect(place([text, cutOff])).toBe("0");
    expect(at([calls("0"), results("a"), user("hello"), text, cutOff])).toMatchObject({
      place: { step: 1 },
      say: ["hi"],
    });
    expect(place([calls("0"), results("a"), cutOff])).toBe("1");
  });

  it("keeps a step's results in sight over a detour", () => {
    const detoured = [calls("0"), results("mine"), user("detour x"), calls("1r0"), results("x0's")];
    expect(at(detoured).last.map((result) => result.text)).toEqual(["x0's"]);
    const back = at([...detoured, calls("1r1"), results("x1's")]);
    expect(back.last.map((result) => result.text)).toEqual(["mine"]);
    expect(back.results.map((result) => result.text)).toEqual(["mine", "x0's", "x1's"]);
  });
});
