import type { FeedTotals } from "@agency/contract";
import { firstApi } from "../../lib/first-api.ts";
import { count, money } from "../../lib/format.ts";
import { useResource } from "../../lib/resource.ts";

export function Totals({ totals }: { totals: FeedTotals }) {
  const budget = useResource((signal) => firstApi.budget({ signal }), "budget");
  const cap = budget.data?.day.capUsd ?? null;
  const of = (...states: string[]) => states.reduce((sum, state) => sum + (totals.counts[state] ?? 0), 0);
  return (
    <dl className="totals">
      <div>
        <dt>Running</dt>
        <dd>{count(of("starting", "running", "finishing"))}</dd>
      </div>
      <div>
        <dt>Waiting</dt>
        <dd>{count(of("waiting", "queued", "scheduled"))}</dd>
      </div>
      <div>
        <dt>Spent today</dt>
        <dd>
          {money(totals.spentTodayUsd)}
          {cap !== null && <span className="quiet"> of {money(cap)}</span>}
        </dd>
      </div>
    </dl>
  );
}
