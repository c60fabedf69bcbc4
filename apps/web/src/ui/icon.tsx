const PATHS = {
  home: "M3 10.5 12 3l9 7.5V20a1 1 0 0 1-1 1h-5v-6H9v6H4a1 1 0 0 1-1-1z",
  plus: "M12 5v14M5 12h14",
  check: "m5 12.5 4.5 4.5L19 7.5",
  cross: "M6 6l12 12M18 6 6 18",
  alert: "M12 8v5m0 3.5v.01M10.3 4 2.6 17.5A2 2 0 0 0 4.3 20.5h15.4a2 2 0 0 0 1.7-3L13.7 4a2 2 0 0 0-3.4 0z",
  question: "M9.2 9a3 3 0 1 1 4.3 2.7c-.9.5-1.5 1.1-1.5 2.1m0 3.2v.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  terminal: "m5 7 5 5-5 5m8 0h6",
  file: "M6 3h8l5 5v12a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zm8 0v5h5",
  globe: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c3 3.2 3 14.8 0 18-3-3.2-3-14.8 0-18z",
  search: "m20 20-4.5-4.5M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13z",
  pencil: "m4 20 1-4.5L16.5 4a1.8 1.8 0 0 1 2.6 0l.9.900a1.8 1.8 0 0 1 0 2.600L8.5 19z",
  branch:
    "M7 7v10m0-10a2 2 0 1 0 0-4 2 2 0 0 0 0 4zm0 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4zm10-8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zm0 0c0 5-10 3-10 8",
  bot: "M12 4v3M6 8h12a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2zm3.5 5v2m5-2v2",
  person: "M12 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5a7.5 7.5 0 0 1 15 0",
  flag: "M6 21V4m0 0h11l-2 4 2 4H6",
  stop: "M7 7h10v10H7z",
  pause: "M9 6v12m6-12v12",
  play: "M8 5.5v13l10.5-6.5z",
  clock: "M12 7v5l3 2m-3 7a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm0-13v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.400m0-12.800L17 7M7 17l-1.4 1.4",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  auto: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zm0-18v18",
  down: "M12 5v14m-6-6 6 6 6-6",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-1 1m2 3.700a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.700l1-1",
  dots: "M5 12h.01M12 12h.01M19 12h.01",
  command:
    "M9 9h6v6H9zM9 9V6.5A2.5 2.5 0 1 0 6.5 9zm6 0h2.5A2.5 2.5 0 1 0 15 6.5zm0 6v2.5a2.5 2.5 0 1 0 2.5-2.5zm-6 0H6.5A2.5 2.5 0 1 0 9 17.5z",
  fork: "M7 3v6a3 3 0 0 0 3 3h4a3 3 0 0 1 3 3v6M17 3v6M14 6l3-3 3 3",
  list: "M4 6h.01M4 12h.01M4 18h.01M8 6h12M8 12h12M8 18h12",
  sliders:
    "M4 8h9m5 0h2M4 16h2m5 0h9M15.500 10.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zm-7 8a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
  out: "M14 4h5a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1h-5M4 12h11m-4-4 4 4-4 4",
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration: what it means stands beside it or in the label of what it is in. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
