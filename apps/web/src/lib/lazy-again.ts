import { createElement, lazy } from "react";
import type { ComponentType, ReactNode } from "react";
import { orReload } from "./or-reload.ts";

/** How each part that could not be loaded is made anew. */
const failed = new Set<() => void>();

type Again<P> = ((props: P) => ReactNode) & {
  /** Only so that it is here sooner: a failure is told where it is shown. */
  preload: () => Promise<void>;
};

/** A part of the page that is loaded when it is shown. React keeps a failure for ever; here the next try loads again. */
export function lazyAgain<P extends object>(load: () => Promise<ComponentType<P>>): Again<P> {
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
  const preload = () =>
    load().then(
      () => undefined,
      () => undefined,
    );
  return Object.assign((props: P) => createElement(part, props), { preload });
}

/** Not at the failure itself: what shows it would begin to load again, and again. */
export function forgetFailures(): void {
  for (const renew of failed) renew();
  failed.clear();
}
