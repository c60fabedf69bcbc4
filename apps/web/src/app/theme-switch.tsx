import { useStore } from "../lib/store.ts";
import { nextTheme, theme } from "../lib/theme.ts";
import { Icon } from "../ui/icon.tsx";

const ICONS = { system: "auto", light: "sun", dark: "moon" } as const;

export function ThemeSwitch() {
  const now = useStore(theme);
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={`Theme: ${now}`}
      title={`Theme: ${now}`}
      onClick={nextTheme}
    >
      <Icon name={ICONS[now]} />
    </button>
  );
}
