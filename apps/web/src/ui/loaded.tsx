import { Component } from "react";
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
  return (
    <DataBoundary data={resource.data} onRetry={resource.reload}>
      <Drawn data={resource.data} draw={children} />
    </DataBoundary>
  );
}

/** Inside the boundary, so that what `draw` itself throws is caught as well. */
function Drawn<T>({ data, draw }: { data: T; draw: (data: T) => ReactNode }) {
  return <>{draw(data)}</>;
}

interface DataBoundaryProps {
  data: unknown;
  onRetry: () => void;
  children: ReactNode;
}

/** The same data would fail in the same way: it is tried again with other data only. */
class DataBoundary extends Component<DataBoundaryProps, { caught: { error: unknown } | null }> {
  override state: { caught: { error: unknown } | null } = { caught: null };

  static getDerivedStateFromError(error: unknown) {
    return { caught: { error } };
  }

  override componentDidUpdate(before: DataBoundaryProps): void {
    if (this.state.caught !== null && before.data !== this.props.data) this.setState({ caught: null });
  }

  override render(): ReactNode {
    const { caught } = this.state;
    if (caught === null) return this.props.children;
    return <Failure error={caught.error} onRetry={this.props.onRetry} />;
  }
}
