import { singleKeys, switchSingleKeys } from "../lib/single-keys.ts";
import { useStore } from "../lib/store.ts";
import { Dialog } from "../ui/dialog.tsx";

const GROUPS: { title: string; keys: [string, string][] }[] = [
  {
    title: "Everywhere",
    keys: [
      ["Ctrl K", "Search and commands"],
      ["C", "New run"],
      ["G H", "Overview"],
      ["G F", "Fleet"],
      ["G S", "Settings"],
      ["J K", "Next, previous"],
      ["Enter", "Open"],
      ["T", "Light, dark, as the system"],
      ["?", "This list"],
    ],
  },
  {
    title: "On a run",
    keys: [
      ["S", "Steer: write to the agent"],
      ["F", "Follow what comes"],
      ["1 … 8", "Timeline, files, diff, logs, artifacts, terminal, raw, settings"],
      ["Ctrl Enter", "Send"],
    ],
  },
];

export function Help({ onClose }: { onClose: () => void }) {
  const on = useStore(singleKeys);
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <label className="choice">
        <input
          type="checkbox"
          role="switch"
          checked={on}
          onChange={(event) => switchSingleKeys(event.target.checked)}
        />{" "}
        Single-key shortcuts: {on ? "on" : "off"}
      </label>
      <div className="help">
        {GROUPS.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([key, meaning]) => (
                <div key={key}>
                  <dt>
                    {key.split(" ").map((part) => (
                      <kbd key={part}>{part}</kbd>
                    ))}
                  </dt>
                  <dd>{meaning}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
