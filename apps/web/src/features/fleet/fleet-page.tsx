import { Link, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { Boundary } from "../../ui/states.tsx";
import { Capacity } from "./capacity.tsx";
import type { FleetSearch, FleetView } from "./fleet-search.ts";
import { RunsView } from "./runs-view.tsx";
import { SpendView } from "./spend-view.tsx";
import "./fleet.css";

const LINKS: readonly { view: FleetView; label: string }[] = [
  { view: "runs", label: "Runs" },
  { view: "capacity", label: "Capacity" },
  { view: "spend", label: "Spend and storage" },
];

export function FleetPage() {
  const search = useSearch({ from: "/fleet" });
  const view = search.view ?? "runs";
  useEffect(() => {
    document.title = "Fleet · Agency";
  }, []);
  return (
    <div className="page fleet">
      <header className="page-head">
        <h1>Fleet</h1>
        <nav className="subnav" aria-label="Views of the fleet">
          {LINKS.map((link) => (
            <Link
              key={link.view}
              to="/fleet"
              search={link.view === "runs" ? {} : { view: link.view }}
              aria-current={link.view === view ? "page" : undefined}
              className="subnav-link"
              activeOptions={{ includeSearch: true, exact: true }}
            >
              {link.label}
            </Link>
          ))}
        </nav>
      </header>
      <Boundary key={view}>
        <View view={view} search={search} />
      </Boundary>
    </div>
  );
}

function View({ view, search }: { view: FleetView; search: FleetSearch }) {
  if (view === "capacity") return <Capacity />;
  if (view === "spend") return <SpendView />;
  return <RunsView search={search} />;
}
