import { useState } from "react";
import { bytes } from "../../lib/format.ts";
import { Text } from "../../ui/text.tsx";

/** As much of an agent's words as is read at a glance; all of them when they are asked for. */
export function CutText({ text, most }: { text: string; most: number }) {
  const [whole, setWhole] = useState(false);
  if (whole || text.length <= most) return <Text>{text}</Text>;
  return (
    <>
      <Text>{`${text.slice(0, most).toWellFormed()}…`}</Text>{" "}
      <button type="button" className="link-button" onClick={() => setWhole(true)}>
        Show all {bytes(text.length)}
      </button>
    </>
  );
}
