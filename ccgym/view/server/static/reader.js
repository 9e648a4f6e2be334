// One episode or one group: its page in a frame, with its place in the table and its group around it.

import { el, number, own } from "./dom.js";
import { ask, close, open, opened, params } from "./state.js";

export class Reader {
  constructor(table, keys) {
    this.table = table;
    this.keys = keys;
    this.box = document.getElementById("reader");
    this.bar = document.getElementById("reader-bar");
    this.frame = document.getElementById("frame");
    this.source = "";
    this.frame.addEventListener("load", () => this.frame.contentDocument?.addEventListener("keydown", keys, true));
  }

  /** Show what the address names, or nothing. */
  async draw() {
    const wanted = opened();
    this.box.hidden = wanted === null;
    document.body.classList.toggle("reading", wanted !== null);
    if (wanted === null) {
      if (this.source) this.load("about:blank");
      this.source = "";
      return;
    }
    const query = new URLSearchParams({ run: params().get("run") ?? "", file: wanted.file });
    query.set("episode", wanted.k);
    const source = `/page/${wanted.show}?${query}`;
    if (source === this.source) return;
    this.source = source;
    this.load(source);
    this.frame.title = wanted.show === "episode" ? "Episode" : "Group";
    this.show(wanted, []);
    try {
      const members = await ask("/api/members", query);
      if (source === this.source) this.show(wanted, members);
    } catch (error) {
      this.bar.append(el("span", { class: "wrong" }, error.message));
    }
  }

  load(source) {
    // A page that is on its way hears no keys: until it is clicked, they are for the page around it.
    window.focus();
    // Not an entry of the history: Back leads to the table.
    this.frame.contentWindow.location.replace(source);
  }

  show(wanted, members) {
    const own_file = (k, show = "episode") => () => open(show, wanted.file, k, { push: false });
    const chips = members.map((row) => {
      const value = row.rewards.correctness;
      const kind = value === 1 ? "good" : value === null || value === undefined ? "unknown" : value > 0 ? "part" : "bad";
      const now = wanted.show === "episode" && String(row.episode) === wanted.k;
      const told = `Episode ${row.episode}: correctness ${number(value)}, ${row.reason}`;
      return el("button", { type: "button", class: `member ${kind}`, "aria-current": now ? "true" : null, title: told, "data-member": row.episode, onclick: own_file(row.episode) }, String(row.episode));
    });
    const task = members[0]?.task ?? "";
    this.bar.replaceChildren(
      el("button", { type: "button", id: "back", onclick: close }, "← Episodes ", el("kbd", {}, "Esc")),
      el("span", { class: "where" }, own(task || wanted.file, { title: wanted.file })),
      el("span", { class: "members", role: "group", "aria-label": "Members of the group" },
        ...chips, el("button", { type: "button", id: "group", "aria-pressed": String(wanted.show === "group"), onclick: wanted.show === "group" ? own_file(wanted.k) : own_file(wanted.k, "group") }, "Group ", el("kbd", {}, "g"))),
      el("span", { class: "turn" },
        el("button", { type: "button", id: "previous", onclick: () => this.turn(-1) }, "↑ ", el("kbd", {}, "[")),
        el("button", { type: "button", id: "following", onclick: () => this.turn(1) }, "↓ ", el("kbd", {}, "]"))));
  }

  /** The episode above or below in the table. */
  async turn(by) {
    const row = await this.table.neighbour(by);
    if (row) open("episode", row.file, row.episode, { push: false });
  }

  toggleGroup() {
    document.getElementById("group")?.click();
  }
}
