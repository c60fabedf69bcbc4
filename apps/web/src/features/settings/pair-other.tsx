import type { Pairing } from "@agency/contract";
import { useState } from "react";
import { api } from "../../lib/api.ts";
import { Panel } from "../../ui/panel.tsx";
import { tell } from "../../ui/states.tsx";
import { Text } from "../../ui/text.tsx";
import { Ago } from "../../ui/time.tsx";
import { attempt } from "../../ui/toasts.tsx";

/** A device shows a code; typed here, it says who asks, and somebody decides. */
export function PairOther() {
  const [code, setCode] = useState("");
  const [found, setFound] = useState<Pairing | null>(null);
  const [problem, setProblem] = useState("");
  const find = async () => {
    setProblem("");
    try {
      setFound(await api.findPairing(code.trim()));
    } catch (error) {
      setProblem(tell(error).detail);
    }
  };
  const decide = async (accept: boolean) => {
    const words = accept ? "The device is signed in" : "The device was refused";
    if (!(await attempt(() => api.decidePairing({ code: code.trim(), accept }), words))) return;
    setFound(null);
    setCode("");
  };
  return (
    <Panel title="Let another device in">
      <div className="settings-body">
        {found === null ? (
          <form
            className="settings-line"
            onSubmit={(event) => {
              event.preventDefault();
              void find();
            }}
          >
            <input
              aria-label="Code that the other device shows"
              placeholder="The code it shows"
              autoComplete="off"
              spellCheck={false}
              value={code}
              onChange={(event) => setCode(event.target.value)}
            />
            <button type="submit" className="button" disabled={code.trim() === ""}>
              Look it up
            </button>
          </form>
        ) : (
          <Decision pairing={found} onDecide={decide} />
        )}
        {problem !== "" && (
          <p className="field-error" role="alert">
            {problem}
          </p>
        )}
      </div>
    </Panel>
  );
}

function Decision({ pairing, onDecide }: { pairing: Pairing; onDecide: (accept: boolean) => Promise<void> }) {
  return (
    <>
      <p>
        <strong>
          <Text>{pairing.deviceName}</Text>
        </strong>{" "}
        at {pairing.address} asked <Ago at={pairing.requestedAt} />. It may then do everything you may do.
      </p>
      <div className="button-row">
        <button type="button" className="button button-primary" onClick={() => void onDecide(true)}>
          Let it in
        </button>
        <button type="button" className="button" onClick={() => void onDecide(false)}>
          Refuse
        </button>
      </div>
    </>
  );
}
