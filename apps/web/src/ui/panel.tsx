import { useId } from "react";
import type { ReactNode } from "react";
import { Boundary } from "./states.tsx";

interface PanelProps {
  title: string;
  /** Beside the title: a number, a link. */
  aside?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Panel({ title, aside, className = "", children }: PanelProps) {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div className="panel-aside">{aside}</div>}
      </header>
      <Boundary>{children}</Boundary>
    </section>
  );
}
