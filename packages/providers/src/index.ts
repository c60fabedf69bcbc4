export { createLocalProvider } from "./local/provider.ts";
export type { LocalProviderOptions } from "./local/options.ts";
