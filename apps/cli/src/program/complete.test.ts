import { describe, expect, it } from "vitest";
import { commands } from "../commands/index.ts";
import { complete } from "./complete.ts";

const texts = (...words: string[]) => {
  const found = complete(commands, words);
  return found === "task" ? found : found.map(({ text }) => text);
};

describe("completion", () => {
  it("offers commands, but no hidden ones", () => {
    expect(texts("")).toEqual([
      "run",
      "ls",
      "show",
      "logs",
      "tell",
      "stop",
      "wait",
      "delete",
      "pause",
      "answer",
      "limits",
      "budget",
      "resume",
      "checkpoints",
      "checkpoint",
      "artifacts",
      "files",
      "diff",
      "apply",
      "push-session",
      "review",
      "shell",
      "keep",
      "release",
      "secrets",
      "login",
      "audit",
      "retention",
      "network",
      "open",
      "pair",
      "devices",
      "keys",
      "password",
      "up",
      "down",
      "doctor",
      "version",
      "completion",
    ]);
    expect(texts("do")).toEqual(["down", "doctor"]);
  });

  it("offers the options of the command", () => {
    expect(texts("run", "--e")).toEqual(["--engine", "--edit", "--env"]);
    expect(texts("down", "--")).toEqual(["--json", "--help"]);
  });

  it("offers the choices of an option, also by its short form", () => {
    expect(texts("run", "--engine", "")).toEqual(["claude", "command"]);
    expect(texts("ls", "-s", "c")).toEqual(["completed", "cancelled"]);
    expect(texts("run", "--model", "")).toEqual([]);
  });

  it("asks for tasks where a task belongs", () => {
    expect(texts("show", "")).toBe("task");
    expect(texts("logs", "--tail", "5", "01")).toBe("task");
    expect(texts("stop", "a", "b", "")).toBe("task");
    expect(texts("show", "a", "")).toEqual([]);
    expect(texts("tell", "a", "")).toEqual([]);
    expect(texts("completion", "")).toEqual(["bash", "zsh", "fish"]);
  });

  it("offers nothing where nothing is known", () => {
    expect(texts("nonsense", "")).toEqual([]);
  });
});
