import { describe, expect, it } from "vitest";
import { withHost } from "./with-host.ts";

describe("adding a list to the hosts of a run", () => {
  it("puts it at the end once, and leaves alone what is being written", () => {
    expect(withHost("", "dev")).toBe("dev");
    expect(withHost("a.example,", "ours")).toBe("a.example, ours");
    expect(withHost("ours , a.example", "ours")).toBe("ours , a.example");
  });
});
