import type { Task } from "@agency/contract";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import { useEffect, useRef, useState } from "react";
import { Empty } from "../../../ui/states.tsx";
import { withSheets } from "./style-sheets.ts";
import { openTerminal } from "./terminal-session.ts";
import "./terminal.css";

type State = { at: "closed" } | { at: "open" } | { at: "ended"; words: string };

/** Opened by hand: it is written down who looked into a sandbox. */
export function TerminalTab({ task }: { task: Task }) {
  const [state, setState] = useState<State>({ at: "closed" });
  if (state.at !== "open")
    return (
      <Empty title={state.at === "ended" ? state.words : "A terminal in the sandbox"} icon="terminal">
        <p>
          It works while the run is under way and while its sandbox is kept. Do not trust what you see in
          there: the agent may have made it. The audit log says that you looked.
        </p>
        <button type="button" className="button button-primary" onClick={() => setState({ at: "open" })}>
          {state.at === "ended" ? "Open another one" : "Open a terminal"}
        </button>
      </Empty>
    );
  return <Screen taskId={task.id} onEnd={(words) => setState({ at: "ended", words })} />;
}

function Screen({ taskId, onEnd }: { taskId: string; onEnd: (words: string) => void }) {
  const host = useRef<HTMLDivElement>(null);
  const ended = useRef(onEnd);
  ended.current = onEnd;
  useEffect(() => {
    if (host.current === null) return undefined;
    return show(host.current, taskId, (words) => ended.current(words));
  }, [taskId]);
  return <div className="terminal" ref={host} role="group" aria-label="Terminal in the sandbox" />;
}

function show(host: HTMLElement, taskId: string, onEnd: (words: string) => void): () => void {
  const terminal = new Terminal({
    fontFamily: getComputedStyle(host).fontFamily,
    fontSize: 13,
    scrollback: 5000,
    screenReaderMode: false,
    theme: { background: "#0e1014", foreground: "#e7eaf0", cursor: "#a5b4fc" },
    // A link that the agent made must not be one click away.
    linkHandler: { activate: () => undefined },
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  const removeSheets = withSheets(() => terminal.open(host));
  // Before there is a connection: keys that were meant for the shell must not be the page's.
  terminal.focus();
  fit.fit();
  const size = () => ({ columns: Math.min(1000, terminal.cols), rows: Math.min(1000, terminal.rows) });
  const address = new URL(`/v1/tasks/${taskId}/terminal`, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const session = openTerminal(new WebSocket(address), {
    size,
    onOutput: (bytes) => terminal.write(bytes),
    onEnd,
  });
  terminal.onData(session.write);
  const watch = new ResizeObserver(() => fit.fit());
  watch.observe(host);
  terminal.onResize(() => session.resize(size()));
  return () => {
    watch.disconnect();
    session.close();
    terminal.dispose();
    removeSheets();
  };
}
