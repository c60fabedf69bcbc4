import type { Device, SignInMethod } from "@agency/contract";
import { useState } from "react";
import { api } from "../../lib/api.ts";
import { useResource } from "../../lib/resource.ts";
import { leave } from "../../lib/session.ts";
import { Confirm } from "../../ui/confirm.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Text } from "../../ui/text.tsx";
import { Ago } from "../../ui/time.tsx";
import { attempt } from "../../ui/toasts.tsx";

const METHODS: Record<SignInMethod, string> = {
  link: "by link",
  password: "by password",
  pairing: "by pairing",
};

export function Devices() {
  const devices = useResource((signal) => api.devices({ signal }), "devices");
  const [leaving, setLeaving] = useState<Device | null>(null);
  const signOut = async (device: Device) => {
    const done = await attempt(
      () => (device.current ? api.signOut() : api.revokeDevice(device.id)),
      device.current ? undefined : `${device.name} is signed out`,
    );
    setLeaving(null);
    if (!done) return;
    if (device.current) leave();
    else devices.reload();
  };
  return (
    <Panel title="Devices that are signed in">
      <Loaded resource={devices}>
        {(list) => (
          <ul className="settings-list">
            {list.map((device) => (
              <li key={device.id}>
                <div className="settings-what">
                  <p>
                    <strong>
                      <Text>{device.name}</Text>
                    </strong>{" "}
                    {device.current && <span className="tag tag-good">this one</span>}
                  </p>
                  <p className="quiet">
                    {METHODS[device.method]} from {device.address}, last seen <Ago at={device.lastSeenAt} />,
                    ends {new Date(device.expiresAt).toLocaleDateString()}
                  </p>
                </div>
                <button type="button" className="button" onClick={() => setLeaving(device)}>
                  Sign out
                </button>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {leaving !== null && (
        <Confirm
          title={`Sign out ${leaving.name}?`}
          text="It has to sign in again to see or change anything."
          yes="Sign it out"
          no="Keep it"
          onYes={() => signOut(leaving)}
          onClose={() => setLeaving(null)}
        />
      )}
    </Panel>
  );
}
