import { expect, it } from "vitest";
import { createEventRate } from "./event-rate.ts";

function setUp() {
  const clock = { at: 0 };
  const rate = createEventRate(() => clock.at);
  return { clock, take: (events: number, id = "a") => rate.take(id, events, 10) };
}

it("lets ten seconds of twice the limit in at once, and then as much as comes free", () => {
  const { clock, take } = setUp();
  for (let i = 0; i < 20; i += 1) expect(take(10)).toBe(0);
  expect(take(1)).toBe(50);
  clock.at = 49;
  expect(take(1)).toBeGreaterThan(0);
  clock.at = 50;
  expect(take(1)).toBe(0);
  expect(take(1)).toBeGreaterThan(0);
});

it("lets a batch larger than all of it in, and says how long that takes to pay off", () => {
  const { clock, take } = setUp();
  expect(take(1_000)).toBe(0);
  expect(take(1)).toBe(40_050);
  clock.at = 40_049;
  expect(take(1)).toBe(1);
  clock.at = 40_050;
  expect(take(1)).toBe(0);
});

it("does not count what it refused, and grants no more than a burst after a long silence", () => {
  const { clock, take } = setUp();
  take(200);
  for (let i = 0; i < 100; i += 1) take(1_000);
  clock.at = 3_600_000;
  expect(take(200)).toBe(0);
  expect(take(1)).toBeGreaterThan(0);
});

it("keeps attempts apart, and goes on when the clock is set back", () => {
  const { clock, take } = setUp();
  clock.at = 1_000_000;
  take(1_000, "a");
  expect(take(1, "b")).toBe(0);
  clock.at = 0;
  expect(take(1, "b")).toBe(0);
});
