import { describe, expect, it } from "vitest";
import { CREDENTIAL_NAMES } from "../engines/credential-names.ts";
import { compareSecretNames, knownSecret } from "./known-secrets.ts";

describe("a secret's name", () => {
  it("is known when it opens a vendor's models", () => {
    for (const name of Object.values(CREDENTIAL_NAMES).flat()) {
      expect(knownSecret(name)).toMatchObject({ name, label: "pool" });
      expect(knownSecret(`${name}@work`)).toMatchObject({ name });
    }
  });

  it("is tried plain first, then by its label", () => {
    const names = ["A@b", "B@a", "B", "A@a", "A"];
    expect(names.toSorted(compareSecretNames)).toEqual(["A", "B", "A@a", "B@a", "A@b"]);
  });
});
