import { Link, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import type { ComponentType } from "react";
import { Boundary } from "../../ui/states.tsx";
import { Access } from "./access.tsx";
import { Audit } from "./audit.tsx";
import { Limits } from "./limits.tsx";
import { NetworkSettings } from "./network/network-settings.tsx";
import { Secrets } from "./secrets.tsx";
import { Server } from "./server.tsx";
import type { Section } from "./settings-search.ts";
import "./settings.css";

const PAGES: Record<Section, { label: string; Page: ComponentType }> = {
  access: { label: "Access", Page: Access },
  secrets: { label: "Secrets", Page: Secrets },
  limits: { label: "Limits", Page: Limits },
  network: { label: "Network", Page: NetworkSettings },
  server: { label: "Server", Page: Server },
  audit: { label: "Audit log", Page: Audit },
};
const ORDER: readonly Section[] = ["access", "secrets", "limits", "network", "server", "audit"];

export function SettingsPage() {
  const { section = "access" } = useSearch({ from: "/settings" });
  const { label, Page } = PAGES[section];
  useEffect(() => {
    document.title = `${label} · Settings · Agency`;
  }, [label]);
  return (
    <div className="page settings-page">
      <header className="page-head">
        <h1>Settings</h1>
        <nav className="subnav" aria-label="Sections of the settings">
          {ORDER.map((name) => (
            <Link
              key={name}
              to="/settings"
              search={name === "access" ? {} : { section: name }}
              aria-current={name === section ? "page" : undefined}
              className="subnav-link"
              activeOptions={{ includeSearch: true, exact: true }}
            >
              {PAGES[name].label}
            </Link>
          ))}
        </nav>
      </header>
      <Boundary key={section}>
        <Page />
      </Boundary>
    </div>
  );
}
