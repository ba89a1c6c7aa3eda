// Watches what a person does in a document, in a world of its own that the page does not see.

import { onDragPointerDown, onDragPointerUp, onDragStart, onDrop } from "./drags";
import { onFocusOut, onInput } from "./fields";
import { onBeforeInput, onKeyDown, onKeyUp } from "./keys";
import { frameSelector } from "./locate";
import { send } from "./messages";
import { onClick, onContextMenu, onPointerDown, onPointerUp } from "./pointer";

/** Begins to watch. A listener that is there already is not added again. */
function watch(): void {
  // In front of the page's own listeners: they may change or stop what they get.
  const first = { capture: true, passive: true };
  window.addEventListener("pointerdown", onPointerDown, first);
  window.addEventListener("pointerup", onPointerUp, first);
  window.addEventListener("click", onClick, first);
  window.addEventListener("contextmenu", onContextMenu, first);
  window.addEventListener("pointerdown", onDragPointerDown, first);
  window.addEventListener("pointerup", onDragPointerUp, first);
  window.addEventListener("dragstart", onDragStart, first);
  window.addEventListener("drop", onDrop, first);
  window.addEventListener("input", onInput, first);
  window.addEventListener("focusout", onFocusOut, first);
  window.addEventListener("keydown", onKeyDown, first);
  window.addEventListener("keyup", onKeyUp, first);
  window.addEventListener("beforeinput", onBeforeInput, first);
  send({ kind: "ready" });
}

export function open() {
  return { watch, frameSelector };
}
