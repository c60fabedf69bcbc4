import type { Task } from "@agency/contract";
import { Text } from "../../ui/text.tsx";
import { taskOf } from "./draft.ts";
import type { FormPart } from "./form-part.ts";
import { staysOf } from "./going-on.ts";
import { leftBehind } from "./left-behind.ts";

interface NotCarriedProps extends Pick<FormPart, "draft" | "onChange"> {
  source: Task;
  checkpoint: number | undefined;
}

/** Where this run will differ from the other one though the form does not say so. */
export function NotCarried({ draft, onChange, source, checkpoint }: NotCarriedProps) {
  const sentences = leftBehind(source, checkpoint);
  const stays = checkpoint === undefined ? [] : staysOf(taskOf(draft), source);
  const closed = source.allowInternalNetwork && draft.base.allowInternalNetwork !== true;
  if (sentences.length === 0 && stays.length === 0 && !closed) return null;
  return (
    <div className="carried quiet" role="note">
      {sentences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {stays.length > 0 && (
        <p>
          Empty here, but taken over from that run all the same: <Text>{stays.join(", ")}</Text>. Name another
          one, or start a new run.
        </p>
      )}
      {closed && (
        <p>
          That run could reach private networks, this one cannot.{" "}
          <button
            type="button"
            className="link-button"
            onClick={() => onChange({ base: { ...draft.base, allowInternalNetwork: true } })}
          >
            Open them here too
          </button>
        </p>
      )}
    </div>
  );
}
