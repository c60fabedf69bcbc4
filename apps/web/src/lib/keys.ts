import { useEffect, useRef } from "react";
import { singleKeys } from "./single-keys.ts";

type Handler = () => void;
export type KeyMap = Readonly<Record<string, Handler>>;

/** Newest view first: what is on top hears a key before what lies under it. */
const maps: { current: KeyMap }[] = [];
const SEQUENCE_MS = 900;
let prefix: { key: string; at: number } | null = null;

/** Keys such as `?`, `j`, `mod+k`, or two after one another: `g h`. */
export function useKeys(map: KeyMap): void {
  const latest = useRef(map);
  latest.current = map;
  useEffect(() => {
    maps.unshift(latest);
    return () => {
      maps.splice(maps.indexOf(latest), 1);
    };
  }, []);
}

export function listenToKeys(): void {
  window.addEventListener("keydown", (event) => {
    const name = nameOf(event);
    if (name === null || event.defaultPrevented) return;
    const typing = isTyping(event.target);
    const inDialog = document.querySelector("dialog[open]") !== null;
    if (!isHeard(name, { typing, inDialog, singleKeys: singleKeys.get() })) return;
    const before = prefix !== null && event.timeStamp - prefix.at < SEQUENCE_MS ? prefix.key : null;
    prefix = before === null && name === "g" ? { key: name, at: event.timeStamp } : null;
    const handler = find(before === null ? name : `${before} ${name}`);
    if (handler === undefined) return;
    event.preventDefault();
    handler();
  });
}

interface Around {
  typing: boolean;
  inDialog: boolean;
  singleKeys: boolean;
}

export function isHeard(name: string, { typing, inDialog, singleKeys: on }: Around): boolean {
  if (name.startsWith("mod+")) return true;
  return !typing && !inDialog && (on || name.length > 1);
}

function find(name: string): Handler | undefined {
  return maps.map((map) => map.current[name]).find((handler) => handler !== undefined);
}

function nameOf(event: KeyboardEvent): string | null {
  if (event.altKey || event.isComposing) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!event.metaKey && !event.ctrlKey) return key;
  return key === "k" ? "mod+k" : null;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}

/** Moves the focus among the things of a list that can be opened. */
export function moveFocus(step: 1 | -1): void {
  const stops = [...document.querySelectorAll<HTMLElement>("[data-stop]")];
  const at = stops.findIndex((stop) => stop === document.activeElement);
  const next = stops[at === -1 ? (step === 1 ? 0 : stops.length - 1) : at + step];
  next?.focus();
}
