import { describe, expect, it } from "vitest";
import { durationOption, parseDuration, sinceOption } from "./duration.ts";
import { choicesOption, countOption, moneyOption, pairOption, repositoryOption } from "./values.ts";

const said = (parse: () => unknown): string => {
  try {
    return `no error: ${JSON.stringify(parse())}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

describe("a length of time", () => {
  it.each([
    ["4h", 14_400_000],
    ["30m", 1_800_000],
    ["90s", 90_000],
    ["1h30m", 5_400_000],
    ["1h 30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["500ms", 500],
    ["2d", 172_800_000],
    ["0s", 0],
  ])("%s", (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(["", "4", "h", "4x", "-4h", "4h!", "1h30", "four hours"])("is not %o", (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  it("without a unit is asked for one", () => {
    expect(() => durationOption("30", "--timeout")).toThrow(
      expect.objectContaining({
        message: '--timeout "30" is not a length of time.',
        next: "Say of what: --timeout 30m.",
      }),
    );
    expect(said(() => durationOption("soon", "--timeout"))).toBe('--timeout "soon" is not a length of time.');
  });

  it("or an instant can be what events are shown since", () => {
    expect(sinceOption("10m", "--since")).toEqual({ agoMs: 600_000 });
    expect(sinceOption("2026-03-01T12:00:00Z", "--since")).toEqual({
      atMs: Date.parse("2026-03-01T12:00:00Z"),
    });
    expect(said(() => sinceOption("yesterday", "--since"))).toContain(
      "neither a length of time nor an instant",
    );
    expect(said(() => sinceOption("2026-13-99", "--since"))).toContain("neither");
  });
});

describe("money", () => {
  it.each([
    ["5", 5],
    ["$5", 5],
    ["0.50", 0.5],
    [" $ 12.25 ", 12.25],
  ])("%s", (text, usd) => expect(moneyOption(text, "--budget")).toBe(usd));

  it.each([
    ["0", "--budget must be more than $0."],
    ["-5", "--budget must be more than $0."],
    ["$0.00", "--budget must be more than $0."],
    ["five", '--budget "five" is not an amount.'],
    ["5€", '--budget "5€" is not an amount.'],
    ["1e3", '--budget "1e3" is not an amount.'],
  ])("is not %s", (text, sentence) => expect(said(() => moneyOption(text, "--budget"))).toBe(sentence));
});

describe("a repository", () => {
  it.each([
    ["owner/name", "https://github.com/owner/name"],
    ["github.com/owner/name", "https://github.com/owner/name"],
    ["gitlab.example.org/group/sub/name.git", "https://gitlab.example.org/group/sub/name.git"],
    ["https://host/owner/name", "https://host/owner/name"],
    ["http://127.0.0.1:3000/o/n", "http://127.0.0.1:3000/o/n"],
    ["git@github.com:owner/name.git", "https://github.com/owner/name.git"],
    ["ssh://git@host.org/owner/name", "https://host.org/owner/name"],
    ["ssh://git@host.org:2222/owner/name.git", "https://host.org/owner/name.git"],
    ["ssh://host.org/owner/name", "https://host.org/owner/name"],
  ])("%s is %s", (text, url) => expect(repositoryOption(text, "--repo")).toBe(url));

  it.each([".", "./name", "/srv/name", "name", "file:///srv/name", "a/b/c", "../x/y", "-x/y", ""])(
    "is not %o",
    (text) => {
      expect(said(() => repositoryOption(text, "--repo"))).toContain("is not the address of a repository");
    },
  );
});

describe("other values", () => {
  it("pairs keep everything behind the first equal sign", () => {
    expect(pairOption("A=b=c", "--env")).toEqual(["A", "b=c"]);
    expect(pairOption("A=", "--env")).toEqual(["A", ""]);
    expect(said(() => pairOption("=b", "--env"))).toBe('--env "=b" must look like --env KEY=VALUE.');
    expect(said(() => pairOption("A", "--env"))).toBe('--env "A" must look like --env KEY=VALUE.');
  });

  it("counts have bounds", () => {
    expect(countOption(-100, 100)("-5", "--priority")).toBe(-5);
    for (const text of ["101", "1.5", "", "x", "0x10"]) {
      expect(said(() => countOption(-100, 100)(text, "--priority"))).toContain(
        "is not a whole number from -100 to 100",
      );
    }
  });

  it("choices are named when one is wrong", () => {
    expect(choicesOption(["a", "b"])("a, b", "--state")).toEqual(["a", "b"]);
    expect(said(() => choicesOption(["a", "b"])("a,c", "--state"))).toBe('--state "c" is not one of a, b.');
  });
});
