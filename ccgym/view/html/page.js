"use strict";
// Steps, jumps and search on top of a page that reads without them. Nothing is ever made of a text but text.
(() => {
  const steps = [...document.querySelectorAll(".step")];
  const bar = document.getElementById("bar");
  if (!bar || !steps.length) return;
  const seek = document.getElementById("seek"), where = document.getElementById("where");
  const find = document.getElementById("find"), found = document.getElementById("found");
  let current = -1, quiet = 0;

  const show = (place) => {
    if (place === current) return;
    if (current >= 0) steps[current].classList.remove("now");
    current = place;
    steps[current].classList.add("now");
    seek.value = String(current);
    where.textContent = `step ${steps[current].dataset.step} of ${steps[steps.length - 1].dataset.step}`;
  };
  const go = (place) => {
    place = Math.max(0, Math.min(steps.length - 1, place));
    quiet = performance.now() + 900;
    show(place);
    steps[place].scrollIntoView({ block: "start" });
    history.replaceState(null, "", `#${steps[place].id}`);
  };
  const cycle = (places, back) => {
    if (!places.length) return;
    const next = back ? places.findLast((p) => p < current) ?? places[places.length - 1] : places.find((p) => p > current) ?? places[0];
    go(next);
  };
  const jump = (mark, back) => cycle(steps.flatMap((s, p) => (s.dataset.marks.split(" ").includes(mark) ? [p] : [])), back);

  // ---- search: as the library folds: normal form C, no letter case, white space as one space
  const fold = (text) => text.normalize("NFC").toLowerCase().replace(/\s+/g, " ").trim();
  let folded = null, hits = [];
  const search = () => {
    const wanted = fold(find.value);
    folded ??= steps.map((s) => fold(s.textContent));
    hits = wanted ? folded.flatMap((text, p) => (text.includes(wanted) ? [p] : [])) : [];
    found.textContent = wanted ? `${hits.length} step${hits.length === 1 ? "" : "s"}` : "";
    paint(find.value.toLowerCase());
  };
  const paint = (wanted) => {
    if (!window.Highlight || !CSS.highlights) return;
    CSS.highlights.delete("hit");
    const ranges = [];
    for (const place of wanted.trim() ? hits : []) {
      const walker = document.createTreeWalker(steps[place], NodeFilter.SHOW_TEXT);
      for (let node; ranges.length < 2000 && (node = walker.nextNode()); ) {
        const text = node.data.toLowerCase();
        if (text.length !== node.data.length) continue;
        for (let at = text.indexOf(wanted); at >= 0 && ranges.length < 2000; at = text.indexOf(wanted, at + wanted.length)) {
          const range = new Range();
          range.setStart(node, at);
          range.setEnd(node, at + wanted.length);
          ranges.push(range);
        }
      }
    }
    if (ranges.length) CSS.highlights.set("hit", new Highlight(...ranges));
  };
  const hit = (back) => {
    cycle(hits, back);
    const wanted = fold(find.value);
    if (wanted) for (const box of steps[current].querySelectorAll("details")) if (fold(box.textContent).includes(wanted)) box.open = true;
  };

  // ---- controls
  const keys = {
    ArrowRight: () => go(current + 1), j: () => go(current + 1), ArrowLeft: () => go(current - 1), k: () => go(current - 1),
    Home: () => go(0), End: () => go(steps.length - 1), "/": () => find.focus(), n: () => hit(false), N: () => hit(true),
    e: () => jump("error", false), E: () => jump("error", true), w: () => jump("write", false), W: () => jump("write", true),
    v: () => jump("violation", false), V: () => jump("violation", true),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === find) {
      if (event.key === "Enter") hit(event.shiftKey);
      if (event.key === "Escape") find.blur();
      return;
    }
    if (event.target === seek || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
  document.getElementById("back").addEventListener("click", () => go(current - 1));
  document.getElementById("next").addEventListener("click", () => go(current + 1));
  seek.addEventListener("input", () => go(Number(seek.value)));
  find.addEventListener("input", search);
  for (const button of bar.querySelectorAll("[data-jump]")) button.addEventListener("click", (event) => jump(button.dataset.jump, event.shiftKey));
  const named = () => steps.findIndex((s) => `#${s.id}` === location.hash);
  window.addEventListener("hashchange", () => {
    quiet = performance.now() + 900;
    if (named() >= 0) show(named());
  });
  let waiting = false;
  document.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (performance.now() < quiet) return;
      const at = steps.findIndex((s) => s.getBoundingClientRect().bottom > 140);
      if (at >= 0) show(at);
    });
  }, { passive: true });
  if (named() >= 0) quiet = performance.now() + 900;
  show(Math.max(0, named()));
  bar.hidden = false;
})();
