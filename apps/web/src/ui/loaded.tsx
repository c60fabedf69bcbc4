import type { ReactNode } from "react";
import type { Resource } from "../lib/resource.ts";
import { Failure, Skeleton } from "./states.tsx";

interface LoadedProps<T> {
  resource: Resource<T> & { reload: () => void };
  lines?: number;
  children: (data: T) => ReactNode;
}

/** What was fetched, or how far that is. */
export function Loaded<T>({ resource, lines = 3, children }: LoadedProps<T>) {
  if (resource.state === "loading") return <Skeleton lines={lines} />;
  if (resource.state === "failed") return <Failure error={resource.error} onRetry={resource.reload} />;
  return <>{children(resource.data)}</>;
}
