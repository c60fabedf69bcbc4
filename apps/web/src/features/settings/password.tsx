import { MIN_PASSWORD } from "@agency/contract";
import { useState } from "react";
import { api } from "../../lib/api.ts";
import { session, signedIn } from "../../lib/session.ts";
import { useStore } from "../../lib/store.ts";
import { Field } from "../../ui/field.tsx";
import { Panel } from "../../ui/panel.tsx";
import { attempt } from "../../ui/toasts.tsx";

export function Password() {
  const now = useStore(session);
  const isSet = now.state === "in" && now.me.passwordSet;
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const save = async (next: string | null) => {
    const done = await attempt(
      () => api.setPassword({ password: next, ...(isSet ? { current } : {}) }),
      next === null ? "Nobody can sign in by password now" : "The password is set",
    );
    if (!done) return;
    setCurrent("");
    setPassword("");
    if (now.state === "in") signedIn({ ...now.me, passwordSet: next !== null });
  };
  return (
    <Panel title="Password" aside={<span className="quiet">{isSet ? "set" : "none is set"}</span>}>
      <form
        className="settings-body"
        onSubmit={(event) => {
          event.preventDefault();
          void save(password);
        }}
      >
        {isSet && (
          <Secret
            label="Present password"
            autoComplete="current-password"
            value={current}
            onChange={setCurrent}
          />
        )}
        <Secret
          label="New password"
          hint={`At least ${MIN_PASSWORD} characters.`}
          autoComplete="new-password"
          value={password}
          onChange={setPassword}
        />
        <div className="button-row">
          <button type="submit" className="button" disabled={password.length < MIN_PASSWORD}>
            {isSet ? "Change it" : "Set it"}
          </button>
          {isSet && (
            <button
              type="button"
              className="button"
              disabled={current === ""}
              onClick={() => void save(null)}
            >
              No sign-in by password
            </button>
          )}
        </div>
      </form>
    </Panel>
  );
}

interface SecretProps {
  label: string;
  hint?: string;
  autoComplete: "current-password" | "new-password";
  value: string;
  onChange: (value: string) => void;
}

function Secret({ label, hint, autoComplete, value, onChange }: SecretProps) {
  return (
    <Field label={label} hint={hint}>
      {(aria) => (
        <input
          {...aria}
          type="password"
          autoComplete={autoComplete}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
