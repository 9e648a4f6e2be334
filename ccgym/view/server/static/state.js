// What is shown stands in the address, after the `#`: reload, back, and a bookmark find it again.

/** The parameters that choose and order episodes. */
export function filters() {
  const found = params();
  for (const key of ["show", "file", "k"]) found.delete(key);
  return found;
}

export function params() {
  return new URLSearchParams(location.hash.slice(1));
}

/** What the reader shows: `{ show: "episode" | "group", file, k }`, or null. */
export function opened() {
  const found = params();
  const show = found.get("show");
  return show === "episode" || show === "group" ? { show, file: found.get("file") ?? "", k: found.get("k") ?? "0" } : null;
}

/** Change the address and tell everybody. `push`: so that Back undoes it. */
export function change(edit, { push = false } = {}) {
  const next = params();
  edit(next);
  const hash = `#${next}`;
  if (hash === location.hash) return;
  history[push ? "pushState" : "replaceState"](null, "", hash);
  window.dispatchEvent(new Event("statechange"));
}

export function open(show, file, k, { push = true } = {}) {
  change((next) => {
    next.set("show", show);
    next.set("file", file);
    next.set("k", String(k));
  }, { push });
}

export function close() {
  change((next) => ["show", "file", "k"].forEach((key) => next.delete(key)), { push: true });
}

/** Ask the server; an answer that is an error is thrown with what it says. */
export async function ask(path, query) {
  const response = await fetch(`${path}?${query}`, { credentials: "same-origin" });
  if (response.status === 401) throw new Error("This page's permission is gone. Start `ccgym view` again.");
  const found = await response.json();
  if (!response.ok) throw new Error(found.error);
  return found;
}
