import { api } from "../../lib/api.ts";
import { duration, money, plural } from "../../lib/format.ts";
import { useResource } from "../../lib/resource.ts";

const BASIS = {
  repository: "on this repository",
  model: "with this model",
  engine: "with this engine",
  all: "of yours",
} as const;

/** From what past runs cost. Says how many they were, and nothing when there were none. */
export function Estimate({
  repository,
  engine,
  model,
}: {
  repository: string;
  engine: string;
  model: string;
}) {
  const query = {
    engine,
    ...(repository.trim() === "" ? {} : { repository: repository.trim() }),
    ...(model.trim() === "" ? {} : { model: model.trim() }),
  };
  const estimate = useResource((signal) => api.estimate(query, { signal }), JSON.stringify(query));
  if (estimate.data === null || estimate.data.basis === null || estimate.data.costUsd === null) return null;
  const { sample, basis, costUsd, durationMs } = estimate.data;
  return (
    <p className="estimate span-3">
      {plural(sample, "run")} {BASIS[basis]} cost {money(costUsd.p50)} as a rule, {money(costUsd.p90)} at most
      in nine of ten
      {durationMs !== null && `, and took ${duration(durationMs.p50)}`}.
    </p>
  );
}
