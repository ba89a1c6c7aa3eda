// Keys that do something other than typing.

import { leave, locateField } from "./fields";
import { type Located, locate } from "./locate";
import { send } from "./messages";
import { noteSecretFields } from "./secrets";
import { fieldOf, focused, innermost, isBox, isMultiline } from "./target";

/** Keys that move or edit, and do something else only where the page handles them. */
const HANDLED =
  /^(Tab|Arrow(Up|Down|Left|Right)|Home|End|PageUp|PageDown|Insert|Delete|F\d{1,2}|ContextMenu)$/;
/** What editing and the browser itself do with a chord. */
const OWN_CHORDS = /^((Control|Meta)\+(Shift\+)?([ACDFLNOPRSTVWXYZ0+=-]|Arrow\w+|Backspace|Delete|Home|End|Tab)|Alt\+\w+)$/;
const MODIFIERS = new Set(["Alt", "AltGraph", "Control", "Meta", "Shift", "CapsLock", "Dead", "Process", "Unidentified"]);
/** Elements that a key clicks. */
const ACTIVATED = "button, a[href], area[href], summary, select, input[type=button], input[type=submit], input[type=reset], input[type=image]";

/** An Enter that may begin a line or do what the page wants: known when the key is released. */
let enter: Located | null = null;

export function onKeyDown(event: KeyboardEvent): void {
  if (!event.isTrusted || event.isComposing || MODIFIERS.has(event.key)) return;
  // A key that is held does no more than the first press, unless it moves something.
  if (event.repeat && !HANDLED.test(event.key)) return;
  noteSecretFields(event);
  const element = innermost(event) ?? focused();
  const field = fieldOf(element);
  const chord = chordOf(event);
  enter = null;
  if (chord === "Enter") {
    pressEnter(event, element, field);
  } else if (chord === "Escape") {
    press(chord, field);
  } else if (isChord(event)) {
    if (OWN_CHORDS.test(chord)) pressIfHandled(event, chord, field);
    else press(chord, field);
  } else if (HANDLED.test(event.key)) {
    pressIfHandled(event, chord, reachable(element));
  } else if (event.key === " " && element && !field && !element.matches(ACTIVATED) && !isBox(element)) {
    pressIfHandled(event, "Space", reachable(element));
  }
}

function pressEnter(event: KeyboardEvent, element: Element | null, field: Element | null): void {
  if (field && isMultiline(field)) {
    const located = locateField(field);
    enter = located;
    setTimeout(() => {
      if (event.defaultPrevented && enter === located) sendEnter();
    }, 0);
  } else if (field || (element && isBox(element))) {
    press("Enter", field ?? element);
    if (field) leave(field);
  } else if (element && !element.matches(ACTIVATED)) {
    pressIfHandled(event, "Enter", reachable(element));
  }
}

/** It has begun a line. */
export function onBeforeInput(event: InputEvent): void {
  if (event.isTrusted && /^insert(LineBreak|Paragraph)$/.test(event.inputType)) enter = null;
}

export function onKeyUp(event: KeyboardEvent): void {
  if (event.isTrusted && event.key === "Enter") sendEnter();
}

function sendEnter(): void {
  if (enter) send({ kind: "press", key: "Enter", element: enter });
  enter = null;
}

function press(key: string, element: Element | null): void {
  send({ kind: "press", key, element: element && locateField(element) });
}

/** A key that the page handles keeps the browser from its own use of it. */
function pressIfHandled(event: KeyboardEvent, key: string, element: Element | null): void {
  const located = element && (fieldOf(element) ? locateField(element) : locate(element));
  setTimeout(() => {
    if (event.defaultPrevented) send({ kind: "press", key, element: located });
  }, 0);
}

function reachable(element: Element | null): Element | null {
  return element === document.body || element === document.documentElement ? null : element;
}

/** True for a key that types nothing because of what is held. */
function isChord(event: KeyboardEvent): boolean {
  if (event.getModifierState("AltGraph")) return false;
  return event.ctrlKey || event.metaKey || event.altKey;
}

/** `Control+Shift+K`, as our steps write it. */
function chordOf(event: KeyboardEvent): string {
  const held = [event.ctrlKey && "Control", event.altKey && "Alt", event.shiftKey && "Shift", event.metaKey && "Meta"];
  return [...held.filter((name) => name !== false), keyOf(event)].join("+");
}

function keyOf(event: KeyboardEvent): string {
  if (event.key === " ") return "Space";
  if (event.key.length > 1 || /^[a-z0-9]$/i.test(event.key)) {
    return event.key.length > 1 ? event.key : event.key.toUpperCase();
  }
  // A held key makes other characters of letters: what is on the key counts.
  return /^(?:Key|Digit)(.)$/.exec(event.code)?.[1] ?? event.key;
}
