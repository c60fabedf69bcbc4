/**
 * Where in a script an answer stands: the index of a step, or the n-th step of a detour taken before that index.
 * It travels in the ids of the tool calls we make, `demo_3_0_1f0c9a2e` or `demo_3r1_0_1f0c9a2e`, and comes back in
 * the history of every later request. So nothing has to be remembered: retries, resumes, a restarted server and
 * a shortened history all lead to the right step.
 */
export interface Place {
  step: number;
  detour?: number;
}

export function printPlace(place: Place): string {
  return place.detour === undefined ? `${place.step}` : `${place.step}r${place.detour}`;
}

/** The nonce keeps ids unique when one conversation plays the same script twice. */
export function callId(script: string, place: Place, index: number, nonce: string): string {
  return `${script}_${printPlace(place)}_${index}_${nonce}`;
}

const CALL_ID = /^([A-Za-z0-9-]+)_(\d{1,6})(?:r(\d{1,6}))?_\d+_[0-9a-z]+$/;

export function placeOfCall(id: string, script: string): Place | undefined {
  const match = CALL_ID.exec(id);
  if (match === null || match[1] !== script) return undefined;
  const step = Number(match[2]);
  return match[3] === undefined ? { step } : { step, detour: Number(match[3]) };
}
