import { SIGN_IN_FRAGMENT, SIGN_IN_PATH } from "@agency/contract";
import { useEffect, useState } from "react";
import { api } from "../../lib/api.ts";
import { useResource } from "../../lib/resource.ts";
import { signedIn } from "../../lib/session.ts";
import { Failure, Skeleton, tell } from "../../ui/states.tsx";
import { deviceName } from "./device-name.ts";
import { PairThis } from "./pair-this.tsx";
import "./sign-in.css";

/** Read once, and taken out of the address at once: it must not stay in the history. */
let linkToken = takeToken();

function takeToken(): string | null {
  if (location.pathname !== SIGN_IN_PATH) return null;
  const found = new URLSearchParams(location.hash.slice(1)).get(SIGN_IN_FRAGMENT);
  if (found !== null) history.replaceState(null, "", SIGN_IN_PATH);
  return found;
}

export function SignIn() {
  const [token, setToken] = useState(linkToken);
  const drop = () => {
    linkToken = null;
    setToken(null);
  };
  return (
    <div className="sign-in">
      <p className="brand sign-in-brand">
        <span className="brand-mark" aria-hidden="true" /> Agency
      </p>
      {token === null ? <Ways /> : <ByLink token={token} onOther={drop} />}
    </div>
  );
}

/** A person presses the button: a program that looks at links must not use it up. */
function ByLink({ token, onOther }: { token: string; onOther: () => void }) {
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const enter = async () => {
    setBusy(true);
    try {
      const me = await api.signInByLink({ token, deviceName: deviceName(navigator.userAgent) });
      // It is used up: whoever signs out later chooses among the ways.
      linkToken = null;
      signedIn(me);
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <>
      <h1>Sign in on this device</h1>
      <p>The link works once. Afterwards this browser stays signed in until you sign it out.</p>
      {failure !== null && (
        <p
          className="field-error"
          role="alert"
        >{`${tell(failure).detail} Ask for a new one with: agency open`}</p>
      )}
      <button
        type="button"
        autoFocus
        className="button button-primary wide"
        disabled={busy}
        onClick={() => void enter()}
      >
        {busy ? "Signing in" : "Sign in"}
      </button>
      {failure !== null && (
        <button type="button" className="button wide" onClick={onOther}>
          Other ways
        </button>
      )}
    </>
  );
}

function Ways() {
  const ways = useResource((signal) => api.signInWays({ signal }), "ways");
  useEffect(() => {
    document.title = "Sign in · Agency";
  }, []);
  if (ways.state === "loading") return <Skeleton />;
  if (ways.state === "failed") return <Failure error={ways.error} onRetry={ways.reload} />;
  if (!ways.data.allowed)
    return (
      <>
        <h1>Not over this connection</h1>
        <p>
          This page came over plain http from another machine, where no sign-in is safe. Put https in front of
          the server, or open it through a tunnel as localhost.
        </p>
      </>
    );
  return (
    <>
      <h1>Sign in</h1>
      <p>
        On the machine that runs Agency, <code>agency open</code> prints a link that signs this browser in.
      </p>
      {ways.data.password && <ByPassword />}
      <PairThis />
    </>
  );
}

function ByPassword() {
  const [password, setPassword] = useState("");
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const enter = async () => {
    setBusy(true);
    try {
      signedIn(await api.signInByPassword({ password, deviceName: deviceName(navigator.userAgent) }));
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void enter();
      }}
    >
      <label className="field">
        <span>Password</span>
        <input
          type="password"
          autoComplete="current-password"
          autoFocus
          required
          value={password}
          aria-invalid={failure !== null}
          aria-describedby="password-failure"
          onChange={(event) => setPassword(event.target.value)}
        />
      </label>
      <p id="password-failure" className="field-error" role="alert">
        {failure === null ? "" : tell(failure).detail}
      </p>
      <button type="submit" className="button button-primary wide" disabled={busy}>
        Sign in
      </button>
    </form>
  );
}
