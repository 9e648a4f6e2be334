// The page: the table with its filters, the curves, the reader; kept up to date while the run goes on.

import { choices } from "./choices.js";
import { curves } from "./curves.js";
import { el, own } from "./dom.js";
import { Reader } from "./reader.js";
import { ask, change, close, opened, params } from "./state.js";
import { summary, Table } from "./table.js";

const POLL = 500; // milliseconds between questions for news
const RECENT = 30; // seconds since the last line for which a run counts as being written
const TABLE_KEYS = [["/", "search"], ["j k", "move"], ["Enter", "open"], ["c", "curves"]];
const READER_KEYS = [["Esc", "back to the table"], ["[ ]", "the episode above, below"], ["g", "its group"]];
const byId = (id) => document.getElementById(id);
const search = byId("q"), picker = byId("run"), live = byId("live"), panel = byId("curves"), toggle = byId("curves-switch");
let version = "", drawnCurves = "", lastQuery = null;

const table = new Table((answer) => {
  version = String(answer.version);
  told(answer.written);
  choices(answer);
  summary(answer);
  byId("notices").replaceChildren(...answer.notices.map((notice) => el("li", {}, own(notice))));
}, failed);
const reader = new Reader(table, keys);

function failed(error) {
  live.className = "wrong";
  live.textContent = error.message;
}

function told(written) {
  const recent = written !== null && written < RECENT;
  live.className = recent ? "on" : "";
  live.textContent = recent ? "being written" : "";
}

/** Draw whatever the address asks for that is not drawn yet. */
function draw() {
  const now = params();
  for (const key of ["show", "file", "k"]) now.delete(key);
  const query = String(now);
  if (query !== lastQuery) {
    if (lastQuery !== null && new URLSearchParams(lastQuery).get("run") !== now.get("run")) drawnCurves = "";
    lastQuery = query;
    if (document.activeElement !== search) search.value = now.get("q") ?? "";
    table.refresh(false);
    drawCurves();
  }
  reader.draw();
  const known = opened() ? READER_KEYS : TABLE_KEYS;
  byId("keys").replaceChildren(...known.map(([key, what]) => el("span", {}, el("kbd", {}, key), ` ${what}`)));
}

async function drawCurves() {
  if (panel.hidden) return;
  const run = params().get("run") ?? "";
  try {
    const answer = await ask("/api/curves", new URLSearchParams({ run }));
    const mark = `${run}:${answer.version[2]}`;
    if (mark === drawnCurves) return;
    drawnCurves = mark;
    curves(answer);
  } catch (error) {
    failed(error);
  }
}

async function listRuns() {
  const runs = await ask("/api/runs", "");
  const wanted = params().get("run") ?? runs[0]?.name ?? "";
  picker.replaceChildren(...runs.map(({ name }) => el("option", { value: name, selected: name === wanted }, own(name))));
  runs.forEach(({ name }, place) => { picker.options[place].value = name; });
  picker.disabled = runs.length < 2;
}

async function poll() {
  try {
    const answer = await ask("/api/state", new URLSearchParams({ run: params().get("run") ?? "" }));
    told(answer.written);
    if (String(answer.version) !== version && version) {
      await table.refresh(true);
      drawCurves();
    }
  } catch (error) {
    failed(error);
  }
  setTimeout(poll, POLL);
}

let waiting = 0;
search.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => change((next) => (search.value.trim() ? next.set("q", search.value.trim()) : next.delete("q"))), 120);
});
picker.addEventListener("change", () => change((next) => {
  [...next.keys()].forEach((key) => next.delete(key));
  next.set("run", picker.value);
}, { push: true }));
picker.addEventListener("pointerdown", listRuns);
toggle.addEventListener("click", () => {
  panel.hidden = !panel.hidden;
  toggle.setAttribute("aria-expanded", String(!panel.hidden));
  drawnCurves = "";
  drawCurves();
});
window.addEventListener("statechange", draw);
window.addEventListener("popstate", draw);
window.addEventListener("hashchange", draw);

const inTable = {
  j: () => table.move(1), ArrowDown: () => table.move(1), k: () => table.move(-1), ArrowUp: () => table.move(-1),
  PageDown: () => table.move(20), PageUp: () => table.move(-20), Home: () => table.move(-Infinity), End: () => table.move(Infinity),
  Enter: () => table.choose(table.at), "/": () => { search.focus(); search.select(); }, c: () => toggle.click(),
};
const inReader = { Escape: close, "[": () => reader.turn(-1), "]": () => reader.turn(1), g: () => reader.toggleGroup() };

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const target = event.target;
  const typing = target.matches?.("input, select, textarea");
  if (typing) {
    if (target.ownerDocument === document && (event.key === "Escape" || (event.key === "Enter" && target === search))) {
      target.blur();
      byId("table").focus();
      event.preventDefault();
    }
    return;
  }
  const known = opened() ? inReader : inTable;
  if (event.key === "Enter" && target.matches?.("button, a, summary")) return;
  if (!Object.hasOwn(known, event.key)) return;
  event.preventDefault();
  known[event.key]();
}
document.addEventListener("keydown", keys);

listRuns().then(draw).catch(failed);
setTimeout(poll, POLL);
