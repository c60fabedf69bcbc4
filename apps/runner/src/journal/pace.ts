/** How long a flood may go on at full speed. */
const BURST_S = 10;

/** Events a second, with room for a burst. What is too much is owed, and paid by waiting: nothing is left out. */
export class Pace {
  readonly #rate: () => number;
  readonly #now: () => number;
  #room: number;
  #at: number;

  constructor(rate: () => number, now: () => number) {
    this.#rate = rate;
    this.#now = now;
    this.#room = rate() * BURST_S;
    this.#at = now();
  }

  /** How long to wait until nothing is owed any more. */
  get owedMs(): number {
    this.#refill();
    return this.#room >= 0 ? 0 : Math.ceil((-this.#room / this.#rate()) * 1000);
  }

  take(count: number): void {
    this.#refill();
    this.#room -= count;
  }

  #refill(): void {
    const now = this.#now();
    const rate = this.#rate();
    this.#room = Math.min(rate * BURST_S, this.#room + ((now - this.#at) / 1000) * rate);
    this.#at = now;
  }
}
