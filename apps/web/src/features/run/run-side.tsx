import type { Task } from "@agency/contract";
import { count, duration, money } from "../../lib/format.ts";
import { Meter } from "../../ui/meter.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Text } from "../../ui/text.tsx";
import { OutsideLink } from "../../ui/markdown.tsx";
import { useNow } from "../../ui/time.tsx";
import type { RunView } from "./run-store.ts";
import { Estimate } from "../estimate/estimate.tsx";
import { testNote } from "./timeline/notes.ts";
import { workedMs } from "./worked.ts";

export function RunSide({ task, view }: { task: Task; view: RunView }) {
  const { summary } = view;
  return (
    <aside className="run-side" aria-label="About the run" tabIndex={0}>
      <Panel title="Limits">
        <Limits task={task} costUsd={Math.max(task.costUsd, summary.costUsd)} />
      </Panel>
      {summary.features.length > 0 && <Features view={view} />}
      {summary.phases.length > 0 && (
        <Panel title="Phases">
          <ol className="phases">
            {summary.phases.map((phase, at) => (
              <li key={at} className={`phase phase-${phase.status}`}>
                <span className="phase-mark" aria-hidden="true" />
                <Text>{phase.name}</Text>
                <span className="visually-hidden">{phase.status}</span>
                <span className="figure quiet">
                  {phase.durationMs === null ? "" : duration(phase.durationMs)}
                </span>
              </li>
            ))}
          </ol>
        </Panel>
      )}
      <Result task={task} />
      <Panel title="Use">
        <dl className="facts">
          <Fact name="Model calls" value={count(summary.modelCalls)} />
          <Fact
            name="Tokens in"
            value={`${count(summary.tokens.input)} + ${count(summary.tokens.cached)} cached`}
          />
          <Fact name="Tokens out" value={count(summary.tokens.output)} />
          <Fact
            name="Network"
            value={`${summary.network.allowed} allowed, ${summary.network.denied} refused`}
          />
          {summary.tests !== null && (
            <Fact name="Tests" value={testNote(summary.tests).title.replace("Tests: ", "")} />
          )}
        </dl>
      </Panel>
    </aside>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="figure">{value}</dd>
    </div>
  );
}

function Limits({ task, costUsd }: { task: Task; costUsd: number }) {
  const worked = workedMs(task, useNow());
  const { wallMs, costUsd: most } = task.limits;
  return (
    <>
      <Meter label="Cost" value={costUsd} max={most} text={`${money(costUsd)} of ${money(most)}`} />
      <Meter label="Time" value={worked} max={wallMs} text={`${duration(worked)} of ${duration(wallMs)}`} />
      <Estimate repository={task.repository?.url ?? ""} engine={task.engine} model={task.model ?? ""} />
    </>
  );
}

const MARKS = { open: "○", active: "◐", passed: "●", failed: "✕" } as const;

function Features({ view }: { view: RunView }) {
  const { features, progress } = view.summary;
  const passed = features.filter((feature) => feature.status === "passed").length;
  const left = progress?.remainingMs;
  return (
    <Panel
      title="Features"
      aside={
        <span className="figure">
          {passed}/{features.length}
          {left !== undefined && <span className="quiet"> · about {duration(left)} left</span>}
        </span>
      }
    >
      <ol className="features">
        {features.map((feature) => (
          <li key={feature.id} className={`feature feature-${feature.status}`}>
            <span aria-hidden="true">{MARKS[feature.status]}</span>
            <span>
              <Text>{feature.title}</Text>
              {feature.message !== undefined && feature.status !== "passed" && (
                <small>
                  <Text>{feature.message}</Text>
                </small>
              )}
            </span>
            <span className="visually-hidden">{feature.status}</span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function Result({ task: { result } }: { task: Task }) {
  if (result === null) return null;
  const { branch, pullRequest, undelivered, files, added, removed, checks } = result;
  const url = pullRequest === null ? null : URL.parse(pullRequest.url);
  return (
    <Panel title="Result">
      {files !== null && (
        <p className="result-line">
          {count(files)} files <span className="added">+{count(added ?? 0)}</span>{" "}
          <span className="removed">−{count(removed ?? 0)}</span>
        </p>
      )}
      {branch !== null && (
        <p className="result-line">
          <Icon name="branch" />{" "}
          <code>
            <Text>{branch}</Text>
          </code>
        </p>
      )}
      {pullRequest !== null && url !== null && /^https?:$/.test(url.protocol) && (
        <p className="result-line">
          <OutsideLink href={url.href} host={url.host}>
            Pull request #{pullRequest.number}
          </OutsideLink>
        </p>
      )}
      {undelivered !== null && (
        <p className="result-line undelivered">
          <Icon name="alert" /> <Text>{undelivered}</Text>
        </p>
      )}
      {checks.map((check, at) => (
        <p key={at} className={check.passed ? "result-line check-passed" : "result-line check-failed"}>
          <Icon name={check.passed ? "check" : "cross"} />{" "}
          <code>
            <Text>{check.command}</Text>
          </code>
        </p>
      ))}
    </Panel>
  );
}
