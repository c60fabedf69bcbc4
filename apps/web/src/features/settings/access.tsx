import { ApiKeys } from "./api-keys.tsx";
import { Devices } from "./devices.tsx";
import { PairOther } from "./pair-other.tsx";
import { Password } from "./password.tsx";

/** Who may come in, and by which way. */
export function Access() {
  return (
    <div className="settings-panels">
      <Devices />
      <PairOther />
      <Password />
      <ApiKeys />
    </div>
  );
}
