import type { Check } from "@agency/contract";
import { Icon } from "./icon.tsx";

const WORDS = { ok: "fine", warn: "to be looked at", fail: "does not work" } as const;

/** What was looked at, the worst first, and what to do about it. */
export function Checks({ checks }: { checks: readonly Check[] }) {
  const order = ["fail", "warn", "ok"];
  const sorted = checks.toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
  return (
    <ul className="checks">
      {sorted.map((check) => (
        <li key={`${check.id} ${check.detail}`} className={`check check-${check.level}`}>
          <Icon name={check.level === "ok" ? "check" : "alert"} />
          <div>
            <p>
              <strong>{check.id}</strong> <span className="visually-hidden">{WORDS[check.level]}: </span>
              {check.detail}
            </p>
            {check.fix !== undefined && <p className="check-fix">{check.fix}</p>}
          </div>
        </li>
      ))}
    </ul>
  );
}
