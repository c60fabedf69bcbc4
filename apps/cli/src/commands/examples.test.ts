import { expect, it } from "vitest";
import { commands } from "./index.ts";

const examples = commands.flatMap(({ examples }) => examples);

it.each(examples)("can be pasted into any shell: %s", (example) => {
  const bare = example.replaceAll(/'[^']*'|"[^"$`]*"/g, "");
  // zsh runs no command with a pattern that no file answers to.
  expect(bare).not.toMatch(/[*?[\]~{}]/);
});
