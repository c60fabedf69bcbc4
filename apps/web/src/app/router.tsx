import { createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { readFleet } from "../features/fleet/fleet-search.ts";
import { Home } from "../features/home/home.tsx";
import { readSettings } from "../features/settings/settings-search.ts";
import { lazyAgain } from "../lib/lazy-again.ts";
import { Skeleton } from "../ui/states.tsx";
import { NoPage } from "./no-page.tsx";
import { BrokenPage } from "./broken-page.tsx";
import { Root } from "./root.tsx";

const rootRoute = createRootRoute({ component: Root, notFoundComponent: NoPage });
const home = createRoute({ getParentRoute: () => rootRoute, path: "/", component: Home });
const signIn = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  component: lazyAgain(
    async () => (await import("../features/sign-in/signed-in-already.tsx")).SignedInAlready,
  ),
});
const newRun = createRoute({
  getParentRoute: () => rootRoute,
  path: "/new",
  validateSearch: readNewRun,
  component: lazyAgain(async () => (await import("../features/new-run/new-run.tsx")).NewRun),
});
const run = createRoute({
  getParentRoute: () => rootRoute,
  path: "/runs/$id",
  validateSearch: readRun,
  component: lazyAgain(async () => (await import("../features/run/run-page.tsx")).RunPage),
});

const fleet = createRoute({
  getParentRoute: () => rootRoute,
  path: "/fleet",
  validateSearch: readFleet,
  component: lazyAgain(async () => (await import("../features/fleet/fleet-page.tsx")).FleetPage),
});
const settings = createRoute({
  getParentRoute: () => rootRoute,
  path: "/settings",
  validateSearch: readSettings,
  component: lazyAgain(async () => (await import("../features/settings/settings-page.tsx")).SettingsPage),
});

export const RUN_TABS = [
  "timeline",
  "files",
  "diff",
  "logs",
  "artifacts",
  "terminal",
  "raw",
  "settings",
] as const;
export type RunTab = (typeof RUN_TABS)[number];

interface RunSearch {
  tab?: RunTab;
  show?: string;
  path?: string;
  /** The checkpoint whose files are shown. */
  at?: number;
}

function readRun({ tab, show, path, at }: Record<string, unknown>): RunSearch {
  const known = RUN_TABS.find((name) => name === tab);
  return {
    ...(known === undefined || known === "timeline" ? {} : { tab: known }),
    ...(typeof show === "string" ? { show } : {}),
    ...(typeof path === "string" ? { path } : {}),
    ...(Number.isSafeInteger(at) && Number(at) >= 0 ? { at: Number(at) } : {}),
  };
}

export interface NewRunSearch {
  /** The run whose settings the form begins with. */
  like?: string;
  /** Go on from a checkpoint of that run, in a session of its own. */
  checkpoint?: number;
  prompt?: string;
  /** The prompt is too long for an address: it was left beside it. */
  long?: boolean;
  /** Begin with the comments that are kept on the run. */
  comments?: boolean;
}

function readNewRun({ like, checkpoint, prompt, long, comments }: Record<string, unknown>): NewRunSearch {
  return {
    ...(typeof like === "string" ? { like } : {}),
    ...(typeof checkpoint === "number" ? { checkpoint } : {}),
    ...(typeof prompt === "string" ? { prompt } : {}),
    ...(long === true ? { long } : {}),
    ...(comments === true ? { comments } : {}),
  };
}

export const router = createRouter({
  routeTree: rootRoute.addChildren([home, signIn, newRun, run, fleet, settings]),
  defaultPreload: "intent",
  scrollRestoration: false,
  defaultPendingComponent: () => <Skeleton lines={6} />,
  defaultErrorComponent: BrokenPage,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
