import { expect, it } from "vitest";
import { CREDENTIAL_NAMES, vendorOfSecret } from "./credential-names.ts";

it.each([
  ["ANTHROPIC_API_KEY", "anthropic"],
  ["CLAUDE_CODE_OAUTH_TOKEN@second", "anthropic"],
  ["OPENAI_API_KEY@a@b", "openai"],
  ["GITHUB_TOKEN", null],
  ["OPENAI_API_KEY_OLD", null],
  ["@OPENAI_API_KEY", null],
])("%s is a credential of %s", (name, vendor) => {
  expect(vendorOfSecret(name)).toBe(vendor);
});

it("no name opens two vendors", () => {
  const names = Object.values(CREDENTIAL_NAMES).flat();
  expect(new Set(names).size).toBe(names.length);
});
