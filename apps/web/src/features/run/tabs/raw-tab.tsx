import { useState } from "react";
import { clock } from "../../../lib/format.ts";
import { Text, Verbatim } from "../../../ui/text.tsx";
import type { RunView } from "../run-store.ts";
import { VirtualList } from "./virtual-list.tsx";

/** Every event as it came, one a line. */
export function RawTab({ view }: { view: RunView }) {
  return (
    <VirtualList
      label="Raw events"
      count={view.events.length}
      estimate={() => 26}
      keyOf={(index) => view.events[index]?.seq ?? index}
      render={(index) => <RawEvent event={view.events[index]} />}
      mark={view}
      follow={!view.over}
      goTo={null}
    />
  );
}

function RawEvent({ event }: { event: RunView["events"][number] | undefined }) {
  const [open, setOpen] = useState(false);
  if (event === undefined) return null;
  const line = JSON.stringify(event.data);
  return (
    <div className="raw">
      <button type="button" className="raw-head" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className="figure quiet">{event.seq}</span>
        <span className="figure quiet">{clock(event.at)}</span>
        <span className="raw-type">{event.type}</span>
        <code className="cut">
          <Text>{line.slice(0, 300)}</Text>
        </code>
      </button>
      {open && <Verbatim text={JSON.stringify(event, null, 2)} lines={200} />}
    </div>
  );
}
