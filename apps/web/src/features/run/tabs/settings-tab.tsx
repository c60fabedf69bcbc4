import { listsOf, networkText } from "@agency/contract";
import type { Task } from "@agency/contract";
import { Link } from "@tanstack/react-router";
import { bytes, count, duration, money } from "../../../lib/format.ts";
import { Text } from "../../../ui/text.tsx";

/** What the run was started with. */
export function SettingsTab({ task }: { task: Task }) {
  return (
    <div className="tab-scroll settings">
      <dl>
        {settingsOf(task).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Text>{value}</Text>
            </dd>
          </div>
        ))}
      </dl>
      {task.resumedFrom !== null && (
        <p className="tab-note">
          Goes on from{" "}
          <Link to="/runs/$id" params={{ id: task.resumedFrom.taskId }}>
            another run, checkpoint {task.resumedFrom.checkpoint}
          </Link>
        </p>
      )}
      <h2>Prompt</h2>
      <pre className="file-body" tabIndex={0} role="group" aria-label="Prompt">
        <Text>{task.prompt}</Text>
      </pre>
    </div>
  );
}

function listed(values: readonly string[] = []): string {
  return values.length === 0 ? "none" : values.join("\n");
}

function commandsOf({ commandPolicy: { allow, deny } = { allow: [], deny: [] } }: Task): string {
  const rules = [...allow.map((one) => `only ${one}`), ...deny.map((one) => `never ${one}`)];
  return rules.length === 0 ? "any" : rules.join("\n");
}

function pullRequestOf({ pullRequest, review }: Task): [string, string][] {
  if (typeof pullRequest !== "number") return [];
  const posted = review?.post === false ? "reviewed, not posted" : "reviewed";
  return [["Pull request", review ? `${pullRequest}, ${posted}` : `${pullRequest}, worked on`]];
}

function settingsOf(task: Task): [string, string][] {
  const { limits, repository } = task;
  return [
    ["Run", task.id],
    ["Engine", task.engine],
    ...(typeof task.command === "string" ? ([["Command", task.command]] satisfies [string, string][]) : []),
    ["Model", task.model ?? "the engine's own choice"],
    ["Provider", task.provider],
    ["Repository", repository === null ? "none" : repository.url],
    ["Branch", repository?.branch ?? "the default one"],
    ...pullRequestOf(task),
    ["Network", networkText(task.network)],
    ["Network lists", listed(listsOf(task.network))],
    ["Internal network", task.allowInternalNetwork ? "open" : "closed"],
    ["Approve", task.approve],
    ["Commands", commandsOf(task)],
    ["Questions", task.questions === false ? "never stops to ask" : "may stop and ask"],
    ["Deliver", task.deliver],
    ["Commits", task.commits === "keep" ? "the agent's own" : "one for the whole work"],
    ["Artifacts", listed(task.artifacts)],
    ["Checks", listed(task.checks)],
    ["Variables", listed(task.envNames)],
    ["Secrets of its own", listed(task.secretNames)],
    ["Time limit", duration(limits.wallMs)],
    ["Silence limit", duration(limits.silenceMs)],
    ["Budget", money(limits.costUsd)],
    ["Turns", count(limits.turns)],
    ["Output limit", bytes(limits.outputBytes)],
    ["At the budget", task.onBudget],
    ["At a usage limit", task.onUsageLimit],
    ["Project", task.project ?? "none"],
    [
      "Labels",
      Object.entries(task.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(", ") || "none",
    ],
    ["Attempt", String(task.attempt)],
  ];
}
