import { describe, expect, it } from "vitest";
import { createLiveRedaction } from "./live-redaction.ts";

describe("live redaction", () => {
  it("hides what was known from the start and what became known later", () => {
    const hidden = createLiveRedaction([{ name: "FIRST", value: "sk-first-0123456789" }]);
    const text = "sk-first-0123456789 and sk-second-0123456789";
    expect(hidden.redactText(text)).toContain("sk-second-0123456789");
    hidden.hide([{ name: "SECOND", value: "sk-second-0123456789" }]);
    expect(hidden.redactText(text)).not.toMatch(/sk-(first|second)/);
  });

  it("goes on hiding what was replaced", () => {
    const hidden = createLiveRedaction([{ name: "KEY", value: "the-old-value-of-it" }]);
    hidden.hide([{ name: "KEY", value: "the-new-value-of-it" }]);
    expect(hidden.redactText("the-old-value-of-it the-new-value-of-it")).not.toContain("value");
  });
});
