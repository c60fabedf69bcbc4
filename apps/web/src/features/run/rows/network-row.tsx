import { bytes } from "../../../lib/format.ts";
import { Icon } from "../../../ui/icon.tsx";
import { Text } from "../../../ui/text.tsx";
import type { RowOf } from "../timeline/rows.ts";

export function NetworkRow({ row: { calls } }: { row: RowOf<"network"> }) {
  const refused = calls.filter((call) => call.verdict !== "allowed");
  const hosts = new Set(calls.map((call) => call.host));
  const [first] = hosts;
  return (
    <details className="fold" open={refused.length > 0}>
      <summary>
        <Icon name="globe" size={14} />{" "}
        <span className="cut">
          <Text>{hosts.size === 1 ? (first ?? "") : `${hosts.size} hosts`}</Text>
        </span>
        {refused.length > 0 && <span className="tag tag-bad">{refused.length} refused</span>}
      </summary>
      <ul className="network">
        {calls.map((call, at) => (
          <li key={at}>
            <span className={call.verdict === "allowed" ? "tag tag-good" : "tag tag-bad"}>
              {call.verdict}
            </span>
            <code>
              <Text>{`${call.host}:${call.port}`}</Text>
            </code>
            {call.reason !== undefined && (
              <span className="quiet">
                <Text>{call.reason}</Text>
              </span>
            )}
            <span className="quiet figure">
              {bytes(call.bytesIn)} in, {bytes(call.bytesOut)} out{call.count > 1 && `, ${call.count} times`}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
