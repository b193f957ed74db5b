// Questions asked inside a page: what assistive technology and tired eyes need.
// Each function runs in the browser, so it uses nothing from outside itself.

/** Complaints about landmarks, headings, names and identifiers. */
export function structure() {
  const found = [];
  for (const one of ["header", "main", "nav", "footer", "h1", "title", "search"]) {
    const count = document.querySelectorAll(one === "header" || one === "footer" ? `body > ${one}` : one === "title" ? "head > title" : one).length;
    if (count !== 1) found.push(`${count} <${one}>`);
  }
  let last = 0;
  for (const heading of document.querySelectorAll("main :is(h1, h2, h3, h4, h5, h6)")) {
    const level = Number(heading.tagName[1]);
    if (level > last + 1) found.push(`h${last} is followed by h${level} "${heading.textContent}"`);
    last = level;
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids)) {
    if (ids.filter((other) => other === id).length > 1) found.push(`id "${id}" twice`);
  }
  for (const attribute of ["aria-labelledby", "aria-controls", "aria-describedby", "for"]) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(/\s+/)) {
        if (!document.getElementById(id)) found.push(`${attribute} names "${id}", which is not there`);
      }
    }
  }
  for (const svg of document.querySelectorAll("svg:not([aria-hidden])")) {
    if (!svg.querySelector(":scope > title") || !svg.querySelector(":scope > desc")) found.push("an SVG without title and desc");
  }
  for (const element of document.querySelectorAll("a, button, input:not([type=hidden]), textarea, summary")) {
    const label = element.textContent.trim() || element.getAttribute("aria-label") || element.labels?.length;
    if (!label) found.push(`a nameless ${element.outerHTML.slice(0, 80)}`);
  }
  if (!document.documentElement.lang) found.push("no language");
  return found;
}

/** Words that are too faint: less than 4.5 to 1 against what is behind them. */
export function contrast() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((n) => top[n] * top[3] + below[n] * (1 - top[3])).concat(1);
  const luminance = (colour) => {
    const [r, g, b] = colour.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const backdrop = (element) => {
    if (!element) return rgba(getComputedStyle(document.body).backgroundColor);
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, backdrop(element.parentElement));
  };
  const found = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest("title, desc, script, .hidden, .skip, .anchor, [hidden]")) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const style = getComputedStyle(element);
    const rect = element.closest("svg") && element.parentElement.querySelector("rect");
    const behind = rect ? rgba(getComputedStyle(rect).fill) : backdrop(element);
    const ink = over(rgba(rect ? style.fill : style.color), behind);
    const [dark, light] = [luminance(ink), luminance(behind)].sort((a, b) => a - b);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) found.set(`${element.tagName}.${element.getAttribute("class")} in ${element.parentElement.className.baseVal ?? element.parentElement.className}`, ratio.toFixed(2));
  }
  return [...found].map(([where, ratio]) => `${where}: ${ratio}`);
}
