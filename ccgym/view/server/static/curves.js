// The curves of training, a small chart a question.

import { el, number, own, svg } from "./dom.js";

const WIDTH = 200, LEFT = 36, RIGHT = 6, TOP = 8, BOTTOM = 16;
const TALL = 150, LINE = 21; // of a chart without a legend, and of each line of a legend
const CHARTS = [
  { title: "Reward components", match: (name) => name.startsWith("reward/"), label: (name) => name.slice(7), zero: true },
  { title: "Diversity", names: ["diversity/unique", "diversity/cosine"], label: (name) => name.slice(10), zero: true },
  { title: "Correctness", names: ["correctness"], zero: true },
  { title: "SOP breaks", names: ["sop_breaks"], zero: true },
  { title: "KL", names: ["kl"], zero: true },
  { title: "Tokens", names: ["length"] },
  { title: "Loss", names: ["loss"], stage: "sft" },
  { title: "Accuracy", names: ["accuracy"] },
  { title: "Entropy", names: ["entropy"], zero: true, stage: "sft" },
];
let shown = null;

/** Draw the curves of an answer: of the stage that was chosen, else of the last one. */
export function curves(answer) {
  const box = document.getElementById("curves");
  const stages = Object.keys(answer.stages);
  if (!stages.length) return box.replaceChildren();
  const stage = stages.includes(shown) ? shown : stages[stages.length - 1];
  const tabs = stages.map((name) => el("button", { type: "button", role: "tab", "aria-selected": String(name === stage), onclick: () => { shown = name; curves(answer); } }, own(name)));
  const { steps, values } = answer.stages[stage];
  const charts = CHARTS.filter((spec) => (spec.stage ?? stage) === stage).flatMap((spec) => {
    const names = spec.names ? spec.names.filter((name) => name in values) : Object.keys(values).filter(spec.match).slice(0, 8);
    const known = names.filter((name) => values[name].some((value) => value !== null));
    return known.length ? [chart(spec, known, steps, values)] : [];
  });
  box.replaceChildren(el("div", { class: "tabs", role: "tablist", "aria-label": "Stage" }, ...tabs), el("div", { class: "charts" }, ...charts));
}

function chart(spec, names, steps, values) {
  const known = names.flatMap((name) => values[name].filter((value) => value !== null));
  let low = Math.min(...known), high = Math.max(...known);
  if (spec.zero) low = Math.min(0, low);
  if (spec.zero && high > 0.5 && high <= 1) high = 1;
  if (high - low < 1e-12) { low -= low ? Math.abs(low) * 0.1 : 0; high += high ? Math.abs(high) * 0.1 : 1; }
  const many = names.length > 1, HEIGHT = TALL - (many ? LINE * Math.min(4, Math.ceil(names.length * 0.75)) : 0);
  const end = steps[steps.length - 1], start = steps[0];
  const x = (step) => LEFT + (end === start ? 0.5 : (step - start) / (end - start)) * (WIDTH - LEFT - RIGHT);
  const y = (value) => TOP + (1 - (value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": spec.title });
  for (const value of HEIGHT < 90 ? [low, high] : [low, (low + high) / 2, high]) {
    picture.append(svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }),
      svg("text", { class: "tick end", x: LEFT - 6, y: y(value) + 3.5 }, number(value)));
  }
  picture.append(svg("text", { class: "tick", x: LEFT, y: HEIGHT - 3 }, String(start)), svg("text", { class: "tick end", x: WIDTH - RIGHT, y: HEIGHT - 3 }, String(end)));
  names.forEach((name, place) => picture.append(svg("path", { class: `line line${place + 1}`, d: path(steps, values[name], x, y) })));
  const guide = svg("line", { class: "guide", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
  picture.append(guide);
  const label = spec.label ?? ((name) => name);
  const numbers = names.map(() => el("b"));
  const legend = el("div", { class: "legend" }, ...names.map((name, place) => el("span", { class: `key key${place + 1}` }, many ? own(label(name)) : null, many ? " " : null, numbers[place])));
  const tell = (place) => names.forEach((name, each) => { numbers[each].textContent = number(values[name][place]); });
  const last = steps.length - 1;
  const where = el("small", {}, "");
  tell(last);
  picture.addEventListener("pointermove", (event) => {
    const box = picture.getBoundingClientRect();
    const wanted = start + (((event.clientX - box.left) / box.width) * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT) * (end - start);
    let nearest = 0;
    steps.forEach((step, place) => { if (Math.abs(step - wanted) < Math.abs(steps[nearest] - wanted)) nearest = place; });
    guide.setAttribute("x1", x(steps[nearest]));
    guide.setAttribute("x2", x(steps[nearest]));
    guide.setAttribute("visibility", "visible");
    where.textContent = `step ${steps[nearest]}`;
    tell(nearest);
  });
  picture.addEventListener("pointerleave", () => {
    guide.setAttribute("visibility", "hidden");
    where.textContent = "";
    tell(last);
  });
  return el("figure", { class: many ? "chart wide" : "chart" }, el("figcaption", {}, spec.title, " ", where, many ? null : legend), picture, many ? legend : null);
}

function path(steps, values, x, y) {
  let drawn = "", pen = false;
  steps.forEach((step, place) => {
    const value = values[place];
    if (value === null) { pen = false; return; }
    drawn += `${pen ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = true;
  });
  return drawn;
}
