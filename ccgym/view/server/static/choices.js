// The filters: what could be chosen, with how many episodes each; ranges of numbers; and a way out of all of them.

import { count, el, own } from "./dom.js";
import { change, filters } from "./state.js";

const KINDS = [["stage", "Stage"], ["reason", "Ended"], ["clause", "Broken clause"], ["tag", "Tag"]];
const SHOWN = 12;
const unfolded = new Set();

/** Draw the filters anew, except where somebody is typing. */
export function choices(answer) {
  const box = document.getElementById("filters");
  const typing = box.contains(document.activeElement) && document.activeElement.tagName === "INPUT";
  if (typing) return;
  const focused = document.activeElement?.dataset?.choice;
  const chosen = filters();
  const parts = [];
  if ([...chosen.keys()].some((key) => !["run", "sort", "desc"].includes(key))) {
    parts.push(el("button", { type: "button", id: "clear", onclick: clear }, "Clear all filters"));
  }
  parts.push(kind("stage", "Stage", answer, chosen));
  parts.push(el("fieldset", {}, el("legend", {}, "Range"), range("iteration", "iteration", chosen),
    ...answer.rewards.map((name) => range(`reward.${name}`, name, chosen)), range("steps", "steps", chosen)));
  for (const [key, label] of KINDS.slice(1)) parts.push(kind(key, label, answer, chosen));
  box.replaceChildren(...parts.filter(Boolean));
  if (focused) [...box.querySelectorAll("[data-choice]")].find((each) => each.dataset.choice === focused)?.focus();
}

function kind(key, label, answer, chosen) {
  const picked = chosen.getAll(key);
  const known = answer.choices[key].map(([text, found]) => ({ text, found }));
  for (const text of picked) if (!known.some((each) => each.text === text)) known.push({ text, found: 0 });
  if (!known.length) return null;
  const all = unfolded.has(key) || known.length <= SHOWN + 1;
  const most = Math.max(1, ...known.map((each) => each.found));
  const shown = all ? known : known.filter((each, place) => place < SHOWN || picked.includes(each.text));
  const buttons = shown.map(({ text, found }) => {
    const on = picked.includes(text);
    const button = el("button", { type: "button", class: "choice", title: text, "aria-pressed": String(on), "data-choice": `${key}=${text}`, onclick: () => toggle(key, text) },
      own(text || "none", { class: "text" }), el("span", { class: "found" }, count(found)));
    button.style.setProperty("--share", String(found / most));
    return button;
  });
  const more = all ? null : el("button", { type: "button", class: "more", onclick: () => { unfolded.add(key); choices(answer); } }, `${known.length - shown.length} more`);
  return el("fieldset", { "data-kind": key }, el("legend", {}, label), ...buttons, more);
}

function toggle(key, text) {
  change((next) => {
    const picked = next.getAll(key);
    next.delete(key);
    const now = picked.includes(text) ? picked.filter((each) => each !== text) : [...picked, text];
    now.forEach((each) => next.append(key, each));
  });
}

function range(key, label, chosen) {
  const bound = (side) => {
    const input = el("input", {
      type: "text", inputmode: "decimal", size: "4", "aria-label": `${label} ${side === "min" ? "at least" : "at most"}`, placeholder: side,
      value: chosen.get(`${side}.${key}`) ?? "", "data-range": `${side}.${key}`, onchange: () => put(input, `${side}.${key}`),
      onkeydown: (event) => { if (event.key === "Enter") input.blur(); },
    });
    return input;
  };
  return el("div", { class: "range" }, own(label, { class: "text", title: label }), bound("min"), bound("max"));
}

function put(input, key) {
  const text = input.value.trim().replace(",", ".");
  const good = text === "" || Number.isFinite(Number(text));
  input.classList.toggle("wrong", !good);
  if (!good) return;
  input.blur();
  change((next) => (text === "" ? next.delete(key) : next.set(key, text)));
}

function clear() {
  change((next) => [...next.keys()].forEach((key) => { if (!["run", "sort", "desc"].includes(key)) next.delete(key); }));
}
