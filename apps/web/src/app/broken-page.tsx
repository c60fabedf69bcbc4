import type { ErrorComponentProps } from "@tanstack/react-router";
import { useEffect } from "react";
import { forgetFailures } from "../lib/lazy-again.ts";
import { Failure } from "../ui/states.tsx";

/** A page that throws, or that could not be loaded: another try loads it again, and so does coming back to it. */
export function BrokenPage({ error, reset }: ErrorComponentProps) {
  useEffect(() => forgetFailures, []);
  const retry = () => {
    forgetFailures();
    reset();
  };
  return <Failure error={error} onRetry={retry} page />;
}
