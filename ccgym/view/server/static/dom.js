// Elements, made of text and never of markup: whatever an episode says goes through `textContent`.

const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** A text with a sign in place of each character that would act and not show. */
export function clean(text) {
  return String(text).replace(HIDDEN, (found) => {
    const code = found.codePointAt(0);
    return code < 0x20 ? String.fromCodePoint(0x2400 + code) : `⟨${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/** An element: `el("div", { class: "x", onclick: f }, child, …)`. Strings become text. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  set(made, attributes);
  made.append(...children.filter((child) => child !== null && child !== undefined).map(node));
  return made;
}

/** The same in SVG. */
export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.map(node));
  return made;
}

function set(made, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, clean(value));
  }
}

function node(child) {
  return child instanceof Node ? child : document.createTextNode(clean(child));
}

/** A text whose direction stays its own. */
export function own(text, attributes = {}) {
  return el("bdi", attributes, text);
}

/** A number as it is read: few digits, a true minus, a dash where there is none. */
export function number(value, digits = 2) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const shown = size >= 1e9 ? value.toExponential(1)
    : size >= 10000 ? value.toLocaleString("en", { maximumFractionDigits: 0 })
    : size >= 100 ? value.toFixed(0)
    : size >= 10 ? value.toFixed(1)
    : size === 0 || size >= 0.01 ? value.toFixed(digits)
    : size >= 0.0001 ? value.toFixed(4)
    : value.toExponential(0);
  return shown.replaceAll("-", "−");
}

export function count(value) {
  return value.toLocaleString("en");
}
