import { describe, expect, it } from "vitest";
import { ranked } from "./rank.ts";

const labels = (query: string) =>
  ranked([{ label: "Renew the login" }, { label: "New run" }, { label: "A new page" }], query).map(
    ({ label }) => label,
  );

describe("the palette", () => {
  it("puts beginnings before middles", () => {
    expect(labels("new")).toEqual(["New run", "A new page", "Renew the login"]);
  });

  it("wants every word, and shows all for none", () => {
    expect(labels("the new")).toEqual(["Renew the login"]);
    expect(labels(" ")).toHaveLength(3);
    expect(labels("zebra")).toEqual([]);
  });
});
