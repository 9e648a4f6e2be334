// The table: only the rows in sight are elements, and only the stretches in sight are asked for.

import { clean, count, el, number, own } from "./dom.js";
import { ask, change, filters, open, params } from "./state.js";

const HEIGHT = 34; // of a row, as in view.css
const PAGE = 100; // rows of one answer
const MOST = 400_000; // rows that are tall enough together for any browser
const MARGIN = 12; // rows above and below those in sight
const FIXED = [
  ["stage", "stage", "Stage"], ["iteration", "it", "Iter"], ["task", "task", "Task"], ["episode", "k", "#"],
  ["reason", "reason", "Ended"], ["steps", "steps", "Steps"],
];

export class Table {
  /** @param loaded called with each answer that speaks of the whole selection. */
  constructor(loaded, failed) {
    this.loaded = loaded;
    this.failed = failed;
    this.box = document.getElementById("table");
    this.head = document.getElementById("head");
    this.body = document.getElementById("rows");
    this.nothing = document.getElementById("nothing");
    this.pages = new Map();
    this.lines = new Map();
    this.rewards = [];
    this.matched = 0;
    this.at = 0;
    this.asked = 0;
    this.box.addEventListener("scroll", () => requestAnimationFrame(() => this.draw()), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  /** Ask anew: after a change of the filters (`keep` false), or because there are new episodes (`keep` true). */
  async refresh(keep) {
    const turn = ++this.asked;
    const first = keep ? Math.max(0, Math.floor(this.box.scrollTop / HEIGHT / PAGE)) : 0;
    let answer;
    try {
      answer = await this.fetch(first);
    } catch (error) {
      if (turn === this.asked) this.failed(error);
      return;
    }
    if (turn !== this.asked) return;
    const added = answer.matched - this.matched;
    const ahead = keep && added > 0 && this.newestFirst() && (this.box.scrollTop > 0 || this.at > 0);
    this.matched = answer.matched;
    this.pages.clear();
    this.put(answer);
    this.columns(answer.rewards);
    const rows = Math.min(this.matched, MOST);
    this.body.style.height = `${rows * HEIGHT}px`;
    this.nothing.hidden = rows > 0;
    this.box.setAttribute("aria-rowcount", String(this.matched + 1));
    if (!keep) {
      this.at = 0;
      this.box.scrollTop = 0;
    } else if (ahead) {
      // New episodes stand above: what is being read stays where it is.
      this.at += added;
      if (this.box.scrollTop > 0) this.box.scrollTop += added * HEIGHT;
    }
    this.at = Math.min(this.at, Math.max(0, rows - 1));
    this.lines.forEach((line) => line.remove());
    this.lines.clear();
    this.draw();
    this.loaded(answer);
  }

  newestFirst() {
    const order = params();
    return (order.get("sort") ?? "row") === "row" && order.get("desc") !== "0";
  }

  fetch(page) {
    const query = filters();
    query.set("start", String(page * PAGE));
    query.set("count", String(PAGE));
    return ask("/api/episodes", query);
  }

  put(answer) {
    this.pages.set(answer.start / PAGE, answer.rows);
  }

  row(place) {
    return this.pages.get(Math.floor(place / PAGE))?.[place % PAGE];
  }

  async load(page) {
    if (this.pages.has(page)) return;
    this.pages.set(page, []);
    const turn = this.asked;
    try {
      const answer = await this.fetch(page);
      if (turn !== this.asked) return;
      this.put(answer);
      this.draw();
    } catch (error) {
      this.pages.delete(page);
      this.failed(error);
    }
  }

  columns(rewards) {
    this.rewards = rewards;
    this.box.style.setProperty("--rewards", String(rewards.length));
    this.box.classList.toggle("no-rewards", rewards.length === 0);
    const order = params();
    const columns = [...FIXED, ...rewards.map((name) => [`reward.${name}`, "reward", name]), ["clauses", "clauses", "Broken clauses"]];
    const cells = columns.map(([key, kind, label]) => {
      const sorted = order.get("sort") === key;
      const down = order.get("desc") !== "0";
      const arrow = sorted ? (down ? "↓ " : "↑ ") : "";
      return el("div", { role: "columnheader", class: kind, "aria-sort": sorted ? (down ? "descending" : "ascending") : "none" },
        el("button", { type: "button", title: `Sort by ${label}`, "data-sort": key, tabindex: "-1", onclick: () => sortBy(key) }, arrow, own(label)));
    });
    this.head.replaceChildren(...cells);
  }

  /** Put the rows in sight on the page. */
  draw() {
    const rows = Math.min(this.matched, MOST);
    const height = this.box.clientHeight;
    const first = Math.max(0, Math.floor(this.box.scrollTop / HEIGHT) - MARGIN);
    const last = Math.min(rows, Math.ceil((this.box.scrollTop + height) / HEIGHT) + MARGIN);
    for (const [place, line] of this.lines) {
      if (place < first || place >= last) {
        line.remove();
        this.lines.delete(place);
      }
    }
    for (let place = first; place < last; place += 1) {
      const row = this.row(place);
      if (!row) {
        this.load(Math.floor(place / PAGE));
        continue;
      }
      if (!this.lines.has(place)) {
        const line = this.line(row, place);
        this.lines.set(place, line);
        this.body.append(line);
      }
    }
    for (const [place, line] of this.lines) {
      line.classList.toggle("now", place === this.at);
      line.setAttribute("aria-selected", String(place === this.at));
    }
  }

  line(row, place) {
    const cell = (kind, ...children) => el("div", { role: "gridcell", class: kind }, ...children);
    const line = el("div", { role: "row", class: "row", "aria-rowindex": place + 2, "data-row": row.row, onclick: () => this.choose(place) },
      cell("stage", own(row.stage)),
      cell("it", row.iteration < 0 ? "–" : String(row.iteration)),
      el("div", { role: "gridcell", class: "task", title: row.task }, own(row.task), el("span", { class: "tags" }, ...row.tags.slice(0, 8).flatMap((tag) => [own(tag), " "]))),
      cell("k", String(row.episode)),
      cell(`reason ${row.reason === "customer_done" || row.reason === "terminal_tool" ? "" : "odd"}`, own(row.reason)),
      cell("steps", String(row.steps)),
      ...this.rewards.map((name) => reward(row.rewards[name])),
      el("div", { role: "gridcell", class: "clauses", title: row.clauses.join("\n") }, ...row.clauses.slice(0, 5).map((clause) => own(clause, { class: "clause" }))));
    line.style.transform = `translateY(${place * HEIGHT}px)`;
    return line;
  }

  /** Open a row. */
  choose(place) {
    this.at = place;
    this.draw();
    const row = this.row(place);
    if (row) open("episode", row.file, row.episode);
  }

  /** Move the marked row, and keep it in sight. */
  move(by) {
    this.at = Math.max(0, Math.min(Math.min(this.matched, MOST) - 1, this.at + by));
    const top = this.at * HEIGHT;
    const shown = this.box.clientHeight - this.head.offsetHeight;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top + HEIGHT > this.box.scrollTop + shown) this.box.scrollTop = top + HEIGHT - shown;
    this.draw();
  }

  /** The row that stands `by` places from the marked one, loaded if need be, and marked. */
  async neighbour(by) {
    const place = this.at + by;
    if (place < 0 || place >= this.matched) return null;
    this.move(by);
    const page = Math.floor(place / PAGE);
    if (!this.row(place)) this.put(await this.fetch(page));
    return this.row(place);
  }
}

function reward(value) {
  const cell = el("div", { role: "gridcell", class: "reward" });
  if (value === null || value === undefined) {
    cell.classList.add("none");
    cell.append("–");
    return cell;
  }
  const bar = el("i", { class: value < 0 ? "bar less" : "bar" });
  bar.style.setProperty("--part", String(Math.min(1, Math.abs(value))));
  cell.append(el("span", {}, number(value)), bar);
  cell.classList.toggle("zero", value <= 0);
  return cell;
}

function sortBy(key) {
  change((next) => {
    const sorted = next.get("sort") === key;
    const down = next.get("desc") !== "0";
    next.delete("desc");
    if (sorted && !down) next.delete("sort");
    else {
      next.set("sort", key);
      if (sorted) next.set("desc", "0");
    }
  });
}

export function summary(answer) {
  const all = answer.matched === answer.total;
  const many = answer.total === 1 ? "episode" : "episodes";
  const told = all ? `${count(answer.total)} ${many}` : `${count(answer.matched)} of ${count(answer.total)} ${many}`;
  const means = answer.rewards.map((name) => el("span", { class: "mean" }, own(name), " ", el("b", {}, number(answer.means[name], 3))));
  const beyond = answer.matched > MOST ? [el("span", {}, `The first ${count(MOST)} are listed.`)] : [];
  document.getElementById("summary").replaceChildren(el("strong", {}, told), ...(answer.matched ? means : []), ...beyond);
  document.title = `${clean(answer.run)} · ccgym view`;
}
