import type { LeftReservation, PricedCall } from "@agency/core";
import { expect, it } from "vitest";
import { sweepReservations } from "./sweep-reservations.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const NOW = 100 * 60_000;

/** Made one a minute, from the beginning of time on. */
function setUp(count: number) {
  const reservations = new Map<string, LeftReservation>();
  for (let i = 0; i < count; i += 1) {
    const id = `r${i}`;
    const more = { vendor: "anthropic", model: "m", usd: 1, inputUsd: 0.25, at: i * 60_000 };
    reservations.set(id, { id, accountId: "a", taskId: "t", epoch: 1, ...more });
  }
  const recorded: PricedCall[] = [];
  let broken = false;
  const deps = {
    logger: quiet,
    costs: {
      leftBefore: async (cutoff: number, limit: number) =>
        [...reservations.values()].filter(({ at }) => at < cutoff).slice(0, limit),
      record: async (call: PricedCall) => {
        if (broken) throw new Error("the database is away");
        recorded.push(call);
      },
      release: async (id: string) => void reservations.delete(id),
    },
  };
  return { deps, recorded, reservations, breakDown: () => (broken = true) };
}

it("charges the input of calls whose process died, and frees what they had set aside", async () => {
  const { deps, recorded, reservations } = setUp(100);
  expect(await sweepReservations(deps, NOW)).toBe(35);
  expect(reservations.size).toBe(65);
  expect(recorded[0]).toMatchObject({
    key: "lost/r0",
    status: 599,
    partial: true,
    costUsd: 0.25,
    accountId: "a",
    taskId: "t",
    epoch: 1,
    model: "m",
    at: NOW,
  });
});

it("takes all of them at a start, when no other process can have a call under way", async () => {
  const { deps, reservations } = setUp(250);
  expect(await sweepReservations(deps, NOW, { all: true })).toBe(250);
  expect(reservations.size).toBe(0);
});

it("leaves a reservation it could not charge to the next sweep", async () => {
  const { deps, reservations, breakDown } = setUp(10);
  breakDown();
  await expect(sweepReservations(deps, NOW)).rejects.toThrow("away");
  expect(reservations.size).toBe(10);
});
