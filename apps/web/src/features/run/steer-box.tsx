import type { Task } from "@agency/contract";
import { useRef, useState } from "react";
import { api } from "../../lib/api.ts";
import { isOver } from "../../lib/feed-state.ts";
import { useKeys } from "../../lib/keys.ts";
import { attempt } from "../../ui/toasts.tsx";

export function SteerBox({ task }: { task: Task }) {
  const [text, setText] = useState("");
  const [mode, setMode] = useState<"steer" | "next_turn">("steer");
  const [busy, setBusy] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  useKeys({ s: () => box.current?.focus() });
  if (isOver(task.state)) return null;
  const send = async () => {
    if (text.trim() === "" || busy) return;
    setBusy(true);
    if (await attempt(() => api.sendMessage(task.id, { text, mode }))) setText("");
    setBusy(false);
  };
  return (
    <form
      className="steer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <textarea
        ref={box}
        rows={1}
        aria-label="Write to the agent"
        placeholder="Write to the agent"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send();
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
      <select
        aria-label="When the agent sees it"
        value={mode}
        onChange={(event) => setMode(event.target.value === "steer" ? "steer" : "next_turn")}
      >
        <option value="steer">now</option>
        <option value="next_turn">after this turn</option>
      </select>
      <button type="submit" className="button button-primary" disabled={busy || text.trim() === ""}>
        Send
      </button>
    </form>
  );
}
