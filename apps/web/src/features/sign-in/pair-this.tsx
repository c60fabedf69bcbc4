import type { StartedPairing } from "@agency/contract";
import { useEffect, useState } from "react";
import { api } from "../../lib/api.ts";
import { signedIn } from "../../lib/session.ts";
import { tell } from "../../ui/states.tsx";
import { deviceName } from "./device-name.ts";

/** Shows a code, and waits until somebody who is signed in has said yes to it. */
export function PairThis() {
  const [pairing, setPairing] = useState<StartedPairing | null>(null);
  const [message, setMessage] = useState("");
  const start = async () => {
    setMessage("");
    try {
      setPairing(await api.startPairing({ deviceName: deviceName(navigator.userAgent) }));
    } catch (error) {
      setMessage(tell(error).detail);
    }
  };
  useEffect(() => {
    if (pairing === null) return;
    const over = new AbortController();
    void decided(pairing, over.signal).then((end) => {
      if (over.signal.aborted) return;
      setMessage(end);
      setPairing(null);
    });
    return () => over.abort();
  }, [pairing]);
  return (
    <section className="pair">
      <h2>From another device</h2>
      {pairing === null ? (
        <button type="button" className="button wide" onClick={() => void start()}>
          Show a pairing code
        </button>
      ) : (
        <>
          <p>Type this code on a device that is signed in, or run:</p>
          <p className="pair-code">{pairing.code}</p>
          <p className="pair-command">
            <code>agency pair {pairing.code}</code>
          </p>
          <p className="quiet" role="status">
            Waiting for a yes. The code is good until {new Date(pairing.expiresAt).toLocaleTimeString()}.
          </p>
        </>
      )}
      {message !== "" && (
        <p className="field-error" role="alert">
          {message}
        </p>
      )}
    </section>
  );
}

/** The words to show when it did not work; signed in when it did. Each call waits at the server, this is no polling. */
async function decided({ id, secret }: StartedPairing, signal: AbortSignal): Promise<string> {
  while (!signal.aborted) {
    try {
      const answer = await api.claimPairing({ id, secret }, { signal });
      if (!("state" in answer)) {
        signedIn(answer);
        return "";
      }
      if (answer.state === "refused") return "The request was refused.";
      if (answer.state === "expired") return "The code has expired. Ask for a new one.";
    } catch (error) {
      return signal.aborted ? "" : tell(error).detail;
    }
  }
  return "";
}
