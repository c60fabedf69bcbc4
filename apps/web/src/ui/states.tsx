import { isAgencyError } from "@agency/contract";
import type { AgencyError } from "@agency/contract";
import { Component } from "react";
import type { ReactNode } from "react";
import { forgetFailures } from "../lib/lazy-again.ts";
import { mayPass } from "../lib/try-again.ts";
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
  return {
    title,
    detail: error.message,
    next: nextOf(error),
    requestId: error.requestId ?? null,
  };
}

/** The server's own words, which come with the request's id: those made on this side are for the command line. */
function nextOf({ requestId, next, code, cause }: AgencyError): string | null {
  if (requestId !== undefined || next === undefined) return next ?? null;
  if (code === "unavailable") return null;
  return code === "upstream_failed" && cause !== undefined
    ? "Reload the page: the server may be of another version by now."
    : "It may be a proxy in between that answered: ask whoever runs it.";
}

interface FailureProps {
  error: unknown;
  onRetry?: (() => void) | undefined;
  page?: boolean;
}

export function Failure({ error, onRetry, page = false }: FailureProps) {
  const { title, detail, next: said, requestId } = tell(error);
  const next = said ?? (mayPass(error) ? "It is tried again by itself." : null);
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

interface BoundaryProps {
  /** What is drawn: the same would fail in the same way, other data is tried by itself. */
  data?: unknown;
  /** Gets other data. Without it another try draws the same once more. */
  onRetry?: () => void;
  children: ReactNode;
}

/** One panel that fails leaves the others standing. */
export class Boundary extends Component<BoundaryProps, { caught: { error: unknown } | null }> {
  override state: { caught: { error: unknown } | null } = { caught: null };

  static getDerivedStateFromError(error: unknown) {
    return { caught: { error } };
  }

  override componentDidUpdate(before: BoundaryProps): void {
    if (this.state.caught !== null && before.data !== this.props.data) this.again();
  }

  /** Whoever comes back to it later tries again as well. */
  override componentWillUnmount(): void {
    if (this.state.caught !== null) forgetFailures();
  }

  again = () => {
    forgetFailures();
    this.setState({ caught: null });
  };

  override render(): ReactNode {
    const { caught } = this.state;
    if (caught === null) return this.props.children;
    return <Failure error={caught.error} onRetry={this.props.onRetry ?? this.again} />;
  }
}
