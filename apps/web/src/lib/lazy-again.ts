import { createElement, lazy } from "react";
import type { ComponentType } from "react";
import { orReload } from "./or-reload.ts";

/** How each part that could not be loaded is made anew. */
const failed = new Set<() => void>();

/** A part of the page that is loaded when it is shown. React keeps a failure for ever; here the next try loads again. */
export function lazyAgain<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const make = () =>
    lazy(async () => {
      try {
        return { default: await orReload(load) };
      } catch (error) {
        failed.add(() => (part = make()));
        throw error;
      }
    });
  let part: ComponentType<P> = make();
  return function Again(props: P) {
    return createElement(part, props);
  };
}

/** Not at the failure itself: what shows it would begin to load again, and again. */
export function forgetFailures(): void {
  for (const renew of failed) renew();
  failed.clear();
}
