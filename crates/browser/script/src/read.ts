// What a caller asks of an element.

import { checkedState, isDisabled, isReadOnly } from "./aria/state";
import { accessibleName } from "./aria/name";
import { roleOf } from "./aria/role";
import { controlOf } from "./checks";
import { isVisible } from "./visibility";

export interface States {
  visible: boolean;
  enabled: boolean;
  editable: boolean;
  checked: boolean;
}

export function statesOf(element: Element): States {
  const control = controlOf(element);
  const enabled = !isDisabled(control);
  return {
    visible: isVisible(element),
    enabled,
    editable: enabled && isReadOnly(control) === false,
    checked: checkedState(control) === "true",
  };
}

/** The value of a control; of anything else the text that is seen. */
export function textOfElement(element: Element): string {
  if (element.matches("input, textarea")) return (element as HTMLInputElement).value;
  const text = element instanceof HTMLElement ? element.innerText : element.textContent ?? "";
  return text.trim();
}

export function valueOf(element: Element): { value: string } | { unfit: string } {
  const control = controlOf(element);
  if (!control.matches("input, textarea, select")) return { unfit: `a <${control.localName}> has no value` };
  return { value: (control as HTMLInputElement).value };
}

export function describeForAria(element: Element): { role: string | null; name: string } {
  return { role: roleOf(element), name: accessibleName(element, false) };
}
