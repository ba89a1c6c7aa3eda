// What is said to the recorder's owner, through a function that only this world has.

import type { Located } from "./locate";

declare global {
  // The owner adds it, to the worlds of this name only.
  var playhouseRecord: ((message: string) => void) | undefined;
}

/** A point of an element, in pixels from its upper left corner. */
export interface Place {
  x: number;
  y: number;
}

export type Message =
  | { kind: "ready" }
  | { kind: "click"; element: Located; right?: boolean; position?: Place }
  | { kind: "drag"; element: Located; position: Place; target: Located; target_position: Place }
  | { kind: "fill"; element: Located; value: string; secret: boolean }
  | { kind: "settle" }
  | { kind: "press"; key: string; element: Located | null }
  | { kind: "check"; element: Located; checked: boolean }
  | { kind: "select"; element: Located; options: string[] }
  | { kind: "upload"; element: Located; files: string[] };

export function send(message: Message): void {
  globalThis.playhouseRecord?.(JSON.stringify(message));
}
