// Sees that a click goes to the element that it was aimed at. What lies there when the button is pressed may be
// another one: then neither gets the click.

import { blocker } from "./checks";

const EVENTS = ["pointerdown", "mousedown", "pointerup", "mouseup", "click", "dblclick", "auxclick", "contextmenu"];

/** Ends the guard; answers with what would have got the click instead. */
let end: (() => string | null) | null = null;

export function guard(element: Element): void {
  unguard();
  let failed: string | null | undefined;
  const look = (event: Event) => {
    if (!(event instanceof MouseEvent) || !event.isTrusted) return;
    // The first press decides: what comes after it may change the page.
    if (failed === undefined) failed = blocker(element, { x: event.clientX, y: event.clientY });
    if (failed === null) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  const own = window;
  for (const type of EVENTS) own.addEventListener(type, look, { capture: true, passive: false });
  end = () => {
    for (const type of EVENTS) own.removeEventListener(type, look, { capture: true });
    return failed ?? null;
  };
}

export function unguard(): string | null {
  const failed = end?.() ?? null;
  end = null;
  return failed;
}
