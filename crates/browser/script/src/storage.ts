// The local storage of the page's origin.

export interface StoredItem {
  name: string;
  value: string;
}

/** `null` where the page has no storage, such as `about:blank`. */
export function readStorage(): { origin: string; items: StoredItem[] } | null {
  try {
    const items = Object.keys(localStorage).map((name) => ({ name, value: localStorage.getItem(name) ?? "" }));
    return { origin: location.origin, items };
  } catch {
    return null;
  }
}

export function fillStorage(items: StoredItem[]): void {
  for (const item of items) localStorage.setItem(item.name, item.value);
}
