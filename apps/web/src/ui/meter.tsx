interface MeterProps {
  label: string;
  value: number;
  max: number;
  text: string;
}

/** How much of a limit is used. Amber from 80 %, red from 95 %. */
export function Meter({ label, value, max, text }: MeterProps) {
  const share = max <= 0 ? 0 : Math.min(1, value / max);
  const level = share >= 0.95 ? "high" : share >= 0.8 ? "warm" : "fine";
  return (
    <div className="meter-row">
      <div className="meter-text">
        <span>{label}</span>
        <span className="figure">{text}</span>
      </div>
      <div
        className={`meter meter-${level}`}
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={max}
        aria-valuenow={Math.min(value, max)}
        aria-valuetext={text}
      >
        <span style={{ inlineSize: `${share * 100}%` }} />
      </div>
    </div>
  );
}
