import { isAgencyError } from "@agency/contract";
import type { Task } from "@agency/contract";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { useKeys } from "../../lib/keys.ts";
import { visible } from "../../lib/odd-characters.ts";
import { Boundary, Empty, Failure, Skeleton } from "../../ui/states.tsx";
import { Attention } from "./attention.tsx";
import { RunHeader } from "./run-header.tsx";
import { RunSide } from "./run-side.tsx";
import { RunTabs, TABS } from "./run-tabs.tsx";
import { SteerBox } from "./steer-box.tsx";
import { TabBody } from "./tab-body.tsx";
import { useRun, useTask } from "./use-run.ts";
import type { Run } from "./use-run.ts";
import "./run.css";

export function RunPage() {
  const { id } = useParams({ from: "/runs/$id" });
  // Another run is another page: nothing of the one before may stay.
  return <OneRun key={id} id={id} />;
}

function OneRun({ id }: { id: string }) {
  const run = useRun(id);
  const task = useTask(id, run.view);
  // A run that was deleted is gone, however much of it is still held.
  if (isNoRun(task.error)) return <NoRun />;
  if (task.state === "failed") return <Failure error={task.error} onRetry={task.reload} page />;
  if (task.state === "loading")
    return (
      <div className="page">
        <Skeleton lines={8} label="Loading the run" />
      </div>
    );
  return <Loaded task={task.data} run={run} />;
}

/** An address that can be no run's is as good as one whose run was deleted. */
function isNoRun(error: unknown): boolean {
  return isAgencyError(error) && (error.code === "not_found" || error.code === "invalid_request");
}

function NoRun() {
  return (
    <Empty title="Not found" icon="question" page>
      <p>There is no run at this address. It may have been deleted.</p>
      <Link to="/fleet" className="button">
        See all runs
      </Link>
    </Empty>
  );
}

function Loaded({ task, run }: { task: Task; run: Run }) {
  const { tab = "timeline" } = useSearch({ from: "/runs/$id" });
  const navigate = useNavigate();
  const open = (name: (typeof TABS)[number]["id"]) =>
    void navigate({
      to: "/runs/$id",
      params: { id: task.id },
      search: name === "timeline" ? {} : { tab: name },
    });
  useKeys(Object.fromEntries(TABS.map(({ id }, at) => [String(at + 1), () => open(id)])));
  const name = visible(task.name);
  useEffect(() => {
    document.title = `${name} · Agency`;
  }, [name]);
  return (
    <div className="run">
      <RunHeader task={task} run={run} />
      <Boundary>
        <Attention task={task} />
      </Boundary>
      <div className="run-body">
        <div className="run-main">
          <RunTabs tab={tab} view={run.view} taskId={task.id} />
          <div className="tab-body" role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`}>
            <Boundary key={tab}>
              <TabBody tab={tab} task={task} run={run} />
            </Boundary>
          </div>
          <SteerBox task={task} />
        </div>
        <RunSide task={task} view={run.view} />
      </div>
    </div>
  );
}
