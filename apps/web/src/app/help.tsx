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
  return (
    <Dialog title="Keyboard" onClose={onClose}>
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
