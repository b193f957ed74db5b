// Search, theme, menu and diagrams of a documentation site. No dependencies, no
// requests but for the search index beside it, and text is only ever set as text.
(() => {
  "use strict";
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const base = root.dataset.root ?? "";

  // ---- search ---------------------------------------------------------------

  const SHOWN = 12;
  const input = byId("search");
  const list = byId("results");
  const status = byId("search-status");
  let rows = null;
  let active = -1;

  /** Loads the index once, when it is first needed. */
  function loadIndex() {
    if (rows || loadIndex.asked) return;
    loadIndex.asked = true;
    const script = document.createElement("script");
    script.src = base + "assets/search-index.js";
    script.onload = () => {
      rows = globalThis.anywiseIndex.map(([kind, name, slice, page, summary, words]) => ({
        kind, name, slice, page, summary,
        low: name.toLowerCase(),
        last: name.slice(name.lastIndexOf(".") + 1).toLowerCase(),
        parts: name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase().split(/[^a-z0-9]+/),
        rest: `${kind} ${slice} ${words} ${summary}`.toLowerCase(),
      }));
      search();
    };
    script.onerror = () => { status.textContent = "The search index could not be loaded."; };
    document.head.append(script);
  }

  /** How well one word of the query fits a row; 0 when it does not. */
  function fit(row, word) {
    if (row.last === word || row.low === word) return 100;
    if (row.last.startsWith(word)) return 80;
    if (row.low.startsWith(word)) return 60;
    if (row.parts.some((part) => part.startsWith(word))) return 50;
    if (row.low.includes(word)) return 40;
    if (row.rest.includes(word)) return 15;
    return row.parts.map((part) => part[0]).join("").startsWith(word) ? 10 : 0;
  }

  const WEIGHT = { slice: 3, event: 2, command: 2, query: 2 };

  function find(query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    const found = [];
    for (const row of rows) {
      let score = WEIGHT[row.kind] ?? 0;
      for (const word of words) {
        const points = fit(row, word);
        if (!points) { score = 0; break; }
        score += points;
      }
      if (score > (WEIGHT[row.kind] ?? 0)) found.push({ row, score });
    }
    found.sort((a, b) => b.score - a.score || a.row.name.length - b.row.name.length || (a.row.name < b.row.name ? -1 : 1));
    return found.map(({ row }) => row);
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function option(row, n) {
    const item = element("li");
    item.id = `result-${n}`;
    item.setAttribute("role", "option");
    const link = element("a");
    link.href = base + row.page;
    link.tabIndex = -1;
    const first = element("span", "found");
    first.append(element("span", `ref ${row.kind}`, row.name), element("span", "badge", row.kind));
    const second = element("small", "", row.kind === "slice" || row.name.startsWith(`${row.slice}.`) ? row.summary : `${row.slice} · ${row.summary}`);
    link.append(first, second);
    item.append(link);
    item.addEventListener("pointermove", () => choose(n));
    return item;
  }

  function search() {
    if (!rows) return;
    const query = input.value.trim();
    const found = query ? find(query) : [];
    list.replaceChildren(...found.slice(0, SHOWN).map(option));
    if (query && !found.length) {
      const none = element("li", "nothing", "Nothing found.");
      none.setAttribute("role", "presentation");
      list.append(none);
    }
    show(Boolean(query));
    choose(found.length ? 0 : -1);
    status.textContent = !query ? "" : found.length === 1 ? "1 result" : `${found.length} results`;
  }

  function show(open) {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
  }

  function options() {
    return [...list.querySelectorAll("[role=option]")];
  }

  function choose(n) {
    active = n;
    options().forEach((item, at) => item.setAttribute("aria-selected", String(at === n)));
    const item = options()[n];
    if (item) {
      input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  input.addEventListener("focus", () => { loadIndex(); if (input.value) search(); });
  input.addEventListener("input", () => { loadIndex(); search(); });
  input.addEventListener("keydown", (event) => {
    const count = options().length;
    if (event.key === "Escape") {
      event.preventDefault();
      if (list.hidden && !input.value) input.blur();
      input.value = "";
      search();
      show(false);
    } else if (list.hidden || !count) {
      return;
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      choose((active + 1) % count);
    } else if (event.key === "ArrowUp") {
      event.preventDefault();
      choose((active + count - 1) % count);
    } else if (event.key === "Enter") {
      event.preventDefault();
      options()[active]?.querySelector("a").click();
    }
  });
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest(".search")) show(false);
  });
  input.closest(".search").addEventListener("focusout", (event) => {
    if (!event.relatedTarget?.closest(".search")) show(false);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    const slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
    const k = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
    if (slash || k) {
      event.preventDefault();
      input.focus();
      input.select();
    } else if (event.key === "Escape") {
      openMenu(false);
    }
  });

  // ---- theme ----------------------------------------------------------------

  const themeButton = byId("theme");
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches);
  const showTheme = () => themeButton.setAttribute("aria-pressed", String(isDark()));

  themeButton.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("anywise-theme", root.dataset.theme);
    } catch {
      // The choice then lasts for this page only.
    }
    showTheme();
  });
  systemDark.addEventListener("change", showTheme);
  showTheme();

  // ---- menu, on narrow screens ----------------------------------------------

  const menu = byId("menu");

  function openMenu(open) {
    menu.setAttribute("aria-expanded", String(open));
    root.classList.toggle("menu-open", open);
  }
  menu.addEventListener("click", () => openMenu(menu.getAttribute("aria-expanded") !== "true"));

  // ---- diagrams: show what a node is joined to ------------------------------

  for (const diagram of document.querySelectorAll("svg.flow")) {
    const nodes = [...diagram.querySelectorAll(".node")];
    const edges = [...diagram.querySelectorAll(".edge")];
    const light = (node) => {
      const id = node?.dataset.node;
      const near = new Set(id ? [id] : []);
      for (const edge of edges) {
        const joined = id !== undefined && (edge.dataset.from === id || edge.dataset.to === id);
        edge.classList.toggle("lit", joined);
        if (joined) near.add(edge.dataset.from).add(edge.dataset.to);
      }
      for (const other of nodes) other.classList.toggle("lit", near.has(other.dataset.node));
      diagram.classList.toggle("lighting", id !== undefined);
    };
    diagram.addEventListener("pointerover", (event) => light(event.target.closest(".node")));
    diagram.addEventListener("pointerleave", () => light(null));
    diagram.addEventListener("focusin", (event) => light(event.target.closest(".node")));
    diagram.addEventListener("focusout", () => light(null));
  }

  // A diagram wider than its frame starts with the node the page is about in view,
  // or else, when it runs down, with its first node.
  for (const frame of document.querySelectorAll(".diagram")) {
    if (frame.scrollWidth <= frame.clientWidth) continue;
    const focus = frame.querySelector(".node.focus");
    const boxes = (focus ? [focus] : [...frame.querySelectorAll("svg.down .node")]).map((node) => node.getBoundingClientRect());
    const [box] = boxes.sort((a, b) => a.top - b.top || a.left - b.left);
    if (!box) continue;
    frame.scrollLeft = box.left + box.width / 2 - frame.getBoundingClientRect().left - frame.clientWidth / 2;
  }
})();
