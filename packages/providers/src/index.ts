export { createLocalProvider } from "./local/provider.ts";
export type { LocalProviderOptions } from "./local/options.ts";
export { withHostLock } from "./local/host-lock.ts";
export { createDependencyCaches } from "./caches/dependency-caches.ts";
