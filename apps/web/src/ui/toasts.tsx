import { createStore, useStore } from "../lib/store.ts";
import type { Store } from "../lib/store.ts";
import { Icon } from "./icon.tsx";
import { tell } from "./states.tsx";

interface Toast {
  id: number;
  tone: "good" | "bad";
  title: string;
  detail: string;
}

const SHOWN_MS = 7_000;
const toasts: Store<readonly Toast[]> = createStore<readonly Toast[]>([]);
let last = 0;

function show(toast: Omit<Toast, "id">): void {
  last += 1;
  const id = last;
  toasts.set([...toasts.get().slice(-2), { ...toast, id }]);
  setTimeout(() => dismiss(id), SHOWN_MS);
}

function dismiss(id: number): void {
  toasts.set(toasts.get().filter((toast) => toast.id !== id));
}

export function say(title: string, detail = ""): void {
  show({ tone: "good", title, detail });
}

export function sayFailure(error: unknown): void {
  const { title, detail, next } = tell(error);
  show({ tone: "bad", title, detail: [detail, next].filter((part) => part !== null).join(" ") });
}

/** Does something; a failure is shown. True when it worked. */
export async function attempt(action: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await action();
    if (done !== undefined) say(done);
    return true;
  } catch (error) {
    sayFailure(error);
    return false;
  }
}

export function Toasts() {
  const shown = useStore(toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((toast) => (
        <div key={toast.id} className={`toast toast-${toast.tone}`}>
          <Icon name={toast.tone === "good" ? "check" : "alert"} />
          <div>
            <p className="toast-title">{toast.title}</p>
            {toast.detail !== "" && <p>{toast.detail}</p>}
          </div>
          <button
            type="button"
            className="icon-button"
            aria-label="Dismiss"
            onClick={() => dismiss(toast.id)}
          >
            <Icon name="cross" />
          </button>
        </div>
      ))}
    </div>
  );
}
