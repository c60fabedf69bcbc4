import { isAgencyError } from "@agency/contract";
import { Component } from "react";
import type { ErrorInfo, ReactNode } from "react";
import { forgetFailures } from "../lib/lazy-again.ts";
import { Icon } from "./icon.tsx";
import type { IconName } from "./icon.tsx";

/** Grey shapes where text will be. */
export function Skeleton({ lines = 3, label = "Loading" }: { lines?: number; label?: string }) {
  return (
    <div className="skeleton" role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, at) => (
        <span key={at} className={`skeleton-line skeleton-${at % 3}`} />
      ))}
    </div>
  );
}

export function Empty({
  title,
  children,
  icon = "flag",
  page = false,
}: {
  title: string;
  children?: ReactNode;
  icon?: IconName;
  /** It stands for the whole page: its title is the page's heading. */
  page?: boolean;
}) {
  const Title = page ? "h1" : "p";
  return (
    <div className="state">
      <Icon name={icon} size={22} />
      <Title className="state-title">{title}</Title>
      {children !== undefined && <div className="state-next">{children}</div>}
    </div>
  );
}

interface Told {
  title: string;
  detail: string;
  next: string | null;
  requestId: string | null;
}

/** What went wrong, in the words of whoever knows best. */
export function tell(error: unknown): Told {
  if (!isAgencyError(error)) {
    const detail = error instanceof Error ? error.message : String(error);
    return { title: "Something went wrong", detail, next: null, requestId: null };
  }
  const titles: Record<string, string> = {
    not_found: "Not found",
    forbidden: "Not allowed",
    unauthenticated: "Signed out",
    unavailable: navigator.onLine ? "The server cannot be reached" : "You are offline",
    too_many_requests: "Too many requests",
  };
  const title = titles[error.code] ?? "That did not work";
  const commands = /`agency|AGENCY_/.test(error.next ?? "");
  return {
    title,
    detail: error.message,
    next: commands && error.code === "unavailable" ? "It is tried again by itself." : (error.next ?? null),
    requestId: error.requestId ?? null,
  };
}

interface FailureProps {
  error: unknown;
  onRetry?: (() => void) | undefined;
  page?: boolean;
}

export function Failure({ error, onRetry, page = false }: FailureProps) {
  const { title, detail, next, requestId } = tell(error);
  const Title = page ? "h1" : "p";
  return (
    <div className="state state-failure" role="alert">
      <Icon name="alert" size={22} />
      <Title className="state-title">{title}</Title>
      <p>{detail}</p>
      {next !== null && <p className="state-next">{next}</p>}
      {requestId !== null && <p className="state-id">Request {requestId}</p>}
      {onRetry !== undefined && (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

interface Caught {
  error: unknown;
  failed: boolean;
}

/** One panel that fails leaves the others standing. */
export class Boundary extends Component<{ children: ReactNode }, Caught> {
  override state: Caught = { error: null, failed: false };

  static getDerivedStateFromError(error: unknown): Caught {
    return { error, failed: true };
  }

  override componentDidCatch(_error: unknown, _info: ErrorInfo): void {
    // React has written it to the console already.
  }

  /** Whoever comes back to it later tries again as well. */
  override componentWillUnmount(): void {
    if (this.state.failed) forgetFailures();
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    const retry = () => {
      forgetFailures();
      this.setState({ error: null, failed: false });
    };
    return <Failure error={this.state.error} onRetry={retry} />;
  }
}
