import type { AccountBudget } from "@agency/contract";
import { useState } from "react";
import { api } from "../../lib/api.ts";
import { feed } from "../../lib/feed.ts";
import { money } from "../../lib/format.ts";
import { useResource } from "../../lib/resource.ts";
import { useStore } from "../../lib/store.ts";
import { Field } from "../../ui/field.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Meter } from "../../ui/meter.tsx";
import { Panel } from "../../ui/panel.tsx";
import { attempt } from "../../ui/toasts.tsx";
import { readCap } from "./read-cap.ts";
import { RetentionPanel } from "./retention-panel.tsx";

export function Limits() {
  const spent = useStore(feed)?.totals.spentTodayUsd ?? 0;
  const budget = useResource((signal) => api.budget({ signal }), "budget", spent.toFixed(2));
  return (
    <div className="settings-panels">
      <Panel title="What all runs together may spend">
        <Loaded resource={budget}>
          {({ day, month }) => (
            <div className="settings-body">
              <Span label="Today" span={day} />
              <Span label="This month" span={month} />
            </div>
          )}
        </Loaded>
      </Panel>
      <Panel title="Caps">
        <Loaded resource={budget}>{(data) => <Caps budget={data} onSaved={budget.reload} />}</Loaded>
      </Panel>
      <RetentionPanel />
    </div>
  );
}

function Span({ label, span }: { label: string; span: AccountBudget["day"] }) {
  const resets = `from ${new Date(span.resetsAt).toLocaleString()} anew`;
  if (span.capUsd === null)
    return (
      <p>
        {label}: <strong className="figure">{money(span.spentUsd)}</strong>{" "}
        <span className="quiet">without a cap, {resets}</span>
      </p>
    );
  return (
    <div>
      <Meter
        label={label}
        value={span.spentUsd}
        max={span.capUsd}
        text={`${money(span.spentUsd)} of ${money(span.capUsd)}`}
      />
      <p className="quiet">{resets}</p>
    </div>
  );
}

function Caps({ budget, onSaved }: { budget: AccountBudget; onSaved: () => void }) {
  const [day, setDay] = useState(String(budget.day.capUsd ?? ""));
  const [month, setMonth] = useState(String(budget.month.capUsd ?? ""));
  const caps = { day: readCap(day), month: readCap(month) };
  const save = async () => {
    if (caps.day.problem !== undefined || caps.month.problem !== undefined) return;
    const next = { dayUsd: caps.day.usd, monthUsd: caps.month.usd };
    if (await attempt(() => api.setBudget(next), "The caps are set")) onSaved();
  };
  return (
    <form
      className="settings-body"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Cap label="A day, in dollars" value={day} problem={caps.day.problem} onChange={setDay} />
      <Cap label="A month, in dollars" value={month} problem={caps.month.problem} onChange={setMonth} />
      <p className="quiet">
        Empty is no cap. At a cap no run spends more: each waits or stops, as it was told. Days and months are
        those of UTC.
      </p>
      <div className="button-row">
        <button type="submit" className="button button-primary">
          Set the caps
        </button>
      </div>
    </form>
  );
}

interface CapProps {
  label: string;
  value: string;
  problem: string | undefined;
  onChange: (value: string) => void;
}

function Cap({ label, value, problem, onChange }: CapProps) {
  return (
    <Field label={label} problem={problem}>
      {(aria) => (
        <input
          {...aria}
          inputMode="decimal"
          placeholder="no cap"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
