import { Outlet } from "@tanstack/react-router";
import { Suspense } from "react";
import { lazyAgain } from "../lib/lazy-again.ts";
import { session } from "../lib/session.ts";
import { useStore } from "../lib/store.ts";
import { Boundary, Failure, Skeleton } from "../ui/states.tsx";
import { Toasts } from "../ui/toasts.tsx";
import { Shell } from "./shell.tsx";
import { findOut } from "./start-session.ts";

const SignIn = lazyAgain(async () => (await import("../features/sign-in/sign-in.tsx")).SignIn);

/** Whoever is signed out signs in where they are: the address stays, and the page goes on behind it. */
export function Root() {
  const now = useStore(session);
  return (
    <>
      {now.state === "in" ? (
        <Shell>
          <Boundary>
            <Outlet />
          </Boundary>
        </Shell>
      ) : (
        <main className="alone">
          {now.state === "out" && (
            <Boundary>
              <Suspense fallback={<Skeleton />}>
                <SignIn />
              </Suspense>
            </Boundary>
          )}
          {now.state === "unknown" && <Skeleton />}
          {now.state === "unreachable" && <Failure error={now.error} onRetry={findOut} page />}
        </main>
      )}
      <Toasts />
    </>
  );
}
