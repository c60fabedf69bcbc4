import { TASK_STATES } from "@agency/contract";
import { useNavigate } from "@tanstack/react-router";
import { useId, useState } from "react";
import { api } from "../../lib/api.ts";
import { useResource } from "../../lib/resource.ts";
import { stateWords } from "../../ui/pill.tsx";
import { readFleet } from "./fleet-search.ts";
import type { FleetSearch } from "./fleet-search.ts";
import { shortRepository } from "./short-repository.ts";

type Option = readonly [value: string, label: string];

const STATES: readonly Option[] = [
  ["alive", "Not over"],
  ["over", "Over"],
  ...TASK_STATES.map((state): Option => [state, stateWords(state, null)]),
];
const SINCE: readonly Option[] = [
  ["day", "Last 24 hours"],
  ["week", "Last 7 days"],
  ["month", "Last 30 days"],
];
const ORDERS: readonly Option[] = [
  ["oldest", "Oldest first"],
  ["dearest", "Dearest first"],
];

/** What can be chosen, of what there is. */
function useChoices() {
  return useResource(async (signal) => {
    const [engines, providers, repositories] = await Promise.all([
      api.engines({ signal }),
      api.providers({ signal }),
      api.recentRepositories({ signal }),
    ]);
    return {
      engines: engines.map(({ id, title }): Option => [id, title]),
      providers: providers.map(({ id, title }): Option => [id, title]),
      repositories: repositories.map(({ url }): Option => [url, shortRepository(url)]),
    };
  }, "choices").data;
}

function listsOf(choices: ReturnType<typeof useChoices>) {
  return [
    { name: "state", label: "State", none: "Any state", options: STATES },
    { name: "engine", label: "Engine", none: "Any engine", options: choices?.engines ?? [] },
    { name: "provider", label: "Provider", none: "Any provider", options: choices?.providers ?? [] },
    { name: "repository", label: "Repository", none: "Any repository", options: choices?.repositories ?? [] },
    { name: "since", label: "Created", none: "Any time", options: SINCE },
    { name: "sort", label: "Order", none: "Newest first", options: ORDERS },
  ] as const;
}

export function FilterBar({ search }: { search: FleetSearch }) {
  const navigate = useNavigate();
  const [words, setWords] = useState(search.q ?? "");
  const lists = listsOf(useChoices());
  const change = (name: keyof FleetSearch, value: string) =>
    void navigate({ to: "/fleet", search: readFleet({ ...search, [name]: value }), replace: name === "q" });
  return (
    <form
      className="fleet-filter"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        change("q", words.trim());
      }}
    >
      <input
        type="search"
        aria-label="Search in names and prompts"
        placeholder="Search in names and prompts"
        value={words}
        onChange={(event) => setWords(event.target.value)}
        onBlur={() => words.trim() !== (search.q ?? "") && change("q", words.trim())}
      />
      {lists.map(({ name, label, none, options }) => (
        <Choice
          key={name}
          label={label}
          none={none}
          value={search[name]}
          options={options}
          onChange={(value) => change(name, value)}
        />
      ))}
    </form>
  );
}

interface ChoiceProps {
  label: string;
  none: string;
  value: string | undefined;
  options: readonly Option[];
  onChange: (value: string) => void;
}

function Choice({ label, none, value, options, onChange }: ChoiceProps) {
  const id = useId();
  const isKnown = value === undefined || options.some(([known]) => known === value);
  return (
    <select id={id} aria-label={label} value={value ?? ""} onChange={(event) => onChange(event.target.value)}>
      <option value="">{none}</option>
      {!isKnown && <option value={value}>{value}</option>}
      {options.map(([known, words]) => (
        <option key={known} value={known}>
          {words}
        </option>
      ))}
    </select>
  );
}
