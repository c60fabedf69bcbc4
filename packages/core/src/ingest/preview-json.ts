import type { Json } from "@agency/contract";
import { jsonBytes, measureText } from "./json-size.ts";

export type JsonObject = { [key: string]: Json };

interface Room {
  left: number;
  readonly textBytes: number;
}

/**
 * What of a large object fits into `limit` bytes and still has its shape: texts are cut to `textBytes`, lists
 * lose their end. A field of the object itself goes only when nothing else helps, and the items of a list
 * are kept whole or not at all, so that a reader's schema goes on matching.
 */
export function previewJson(value: JsonObject, limit: number, textBytes: number): JsonObject {
  const room: Room = { left: limit - 2, textBytes };
  const out: JsonObject = {};
  const entries = Object.entries(value);
  // Plain fields first: one huge list must not push out the short field that comes after it.
  for (const [key, item] of entries) if (!isContainer(item)) addField(out, key, item, room, false);
  for (const [key, item] of entries) if (isContainer(item)) addField(out, key, item, room, false);
  return out;
}

function isContainer(value: Json): boolean {
  return value !== null && typeof value === "object";
}

function addField(out: JsonObject, key: string, value: Json, room: Room, whole: boolean): boolean {
  const before = room.left;
  room.left -= jsonBytes(key, room.left) + 2;
  const short = room.left > 0 ? shorten(value, room, whole) : undefined;
  if (short === undefined) {
    room.left = before;
    return false;
  }
  out[key] = short;
  return true;
}

/** Takes its bytes from `room`, or takes none and gives undefined. */
function shorten(value: Json, room: Room, whole: boolean): Json | undefined {
  if (Array.isArray(value)) return shortenArray(value, room);
  if (value !== null && typeof value === "object") return shortenObject(value, room, whole);
  const short = typeof value === "string" ? cutText(value, room.textBytes) : value;
  const bytes = jsonBytes(short, room.left);
  if (bytes > room.left) return undefined;
  room.left -= bytes;
  return short;
}

function shortenArray(items: readonly Json[], room: Room): Json[] | undefined {
  if (room.left < 2) return undefined;
  room.left -= 2;
  const out: Json[] = [];
  for (const item of items) {
    room.left -= 1;
    const short = room.left > 0 ? shorten(item, room, true) : undefined;
    if (short === undefined) {
      room.left += 1;
      break;
    }
    out.push(short);
  }
  return out;
}

function shortenObject(value: JsonObject, room: Room, whole: boolean): JsonObject | undefined {
  if (room.left < 2) return undefined;
  const before = room.left;
  room.left -= 2;
  const out: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (addField(out, key, item, room, whole)) continue;
    if (!whole) break;
    room.left = before;
    return undefined;
  }
  return out;
}

/** The longest sentence that can follow a cut text. */
const CUT_NOTE_BYTES = 64;

function cutText(text: string, limit: number): string {
  if (measureText(text, limit).chars === text.length) return text;
  const { chars } = measureText(text, limit - CUT_NOTE_BYTES);
  return `${text.slice(0, chars)}… [${text.length - chars} more characters]`;
}
