/** Started once for the whole test run. */
export function setup(): void {}
