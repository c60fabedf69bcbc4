import { Text } from "../../ui/text.tsx";

export interface Part {
  name: string;
  value: number;
  text: string;
}

/** A table to whoever listens, bars to whoever looks. */
export function BarChart({ label, bars }: { label: string; bars: readonly Part[] }) {
  const most = Math.max(...bars.map((bar) => bar.value), 0);
  const peak = bars.find((bar) => bar.value === most && most > 0);
  return (
    <figure className="bars">
      <table className="visually-hidden">
        <caption>{label}</caption>
        <tbody>
          {bars.map((bar) => (
            <tr key={bar.name}>
              <th scope="row">{bar.name}</th>
              <td>{bar.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="bars-most figure quiet" aria-hidden="true">
        {peak === undefined ? "Nothing was spent" : `Most: ${peak.text} on ${peak.name}`}
      </p>
      <div className="bars-plot" aria-hidden="true">
        {bars.map((bar) => (
          <div key={bar.name} className="bar" title={`${bar.name}: ${bar.text}`}>
            <span style={{ blockSize: most === 0 ? "0" : `${(bar.value / most) * 100}%` }} />
          </div>
        ))}
      </div>
      <div className="bars-axis quiet" aria-hidden="true">
        <span>{bars[0]?.name}</span>
        <span>{bars.at(-1)?.name}</span>
      </div>
    </figure>
  );
}

interface SharesProps {
  title: string;
  empty: string;
  parts: readonly Part[];
}

export function Shares({ title, empty, parts }: SharesProps) {
  const most = Math.max(...parts.map((part) => part.value), 0);
  return (
    <section className="shares">
      <h3>{title}</h3>
      {parts.length === 0 && <p className="quiet">{empty}</p>}
      <ul>
        {parts.map((part) => (
          <li key={part.name} className="share">
            <span className="cut">
              <Text>{part.name}</Text>
            </span>
            <span className="share-bar" aria-hidden="true">
              <span style={{ inlineSize: most === 0 ? "0" : `${(part.value / most) * 100}%` }} />
            </span>
            <span className="figure">{part.text}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
