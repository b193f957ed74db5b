#!/usr/bin/env node
// Reads an application's documentation the way people do, in a real browser.
//
//   node tests/browser/docs.mjs --url http://127.0.0.1:3000/anywise/
//   node tests/browser/docs.mjs --dir target/docs/site
//
// Options: --out DIR for screenshots (target/browser), --event, --emitter and
// --listener (a regular expression) for the names to follow, --guards for the least
// number of guards before the emitter, --operations to replay a dead letter that is
// there, --chromium PATH. Exits with 1 on any failure.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { contrast, structure } from "./audit.mjs";
import { launch } from "./chromium.mjs";
import { serve } from "./serve.mjs";

const { values: options } = parseArgs({
  options: {
    url: { type: "string" },
    dir: { type: "string" },
    out: { type: "string", default: "target/browser" },
    event: { type: "string", default: "payment.PaymentSettled" },
    emitter: { type: "string", default: "create_payment" },
    listener: { type: "string", default: "^(confirm|mark_paid)" },
    guards: { type: "string", default: "1" },
    operations: { type: "boolean", default: false },
    chromium: { type: "string" },
  },
});
if (!options.url === !options.dir) {
  console.error("give either --url or --dir");
  process.exit(2);
}

const server = options.dir ? await serve(resolve(options.dir)) : null;
const base = new URL(server?.url ?? options.url);
if (!base.pathname.endsWith("/")) base.pathname += "/";
const at = (path) => new URL(path, base).href;
const eventPage = `messages/${options.event}.html`;
await mkdir(options.out, { recursive: true });

const browser = await launch(options.chromium);
const page = await browser.newPage();
let failures = 0;

/** Runs a check; afterwards the page must have had nothing to complain about. */
async function check(name, body) {
  page.complaints.length = 0;
  try {
    await body();
    assert.deepEqual(page.complaints, []);
    console.log(`ok    ${name}`);
  } catch (error) {
    failures += 1;
    console.log(`FAIL  ${name}\n      ${error.message.replaceAll("\n", "\n      ")}`);
    await writeFile(join(options.out, `failed-${failures}.png`), await page.screenshot()).catch(() => {});
  }
}

const heading = () => page.evaluate(() => document.querySelector("h1").firstChild.textContent);
const whereNow = () => page.evaluate(() => location.href);
const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.tagName);

/** Marks the first element that a test in the page accepts, so that it can be clicked. */
async function mark(what, body, ...args) {
  const found = await page.evaluate(`(...args) => {
    document.querySelector("[data-marked]")?.removeAttribute("data-marked");
    const element = (${body})(...args);
    element?.setAttribute("data-marked", "");
    return Boolean(element);
  }`, ...args);
  assert.ok(found, `no ${what}`);
  return "[data-marked]";
}

const linkIn = (section, pattern) => mark(`link ${pattern} in ${section}`, (section, pattern) => {
  const links = document.querySelectorAll(`${section} a`);
  return [...links].find((link) => new RegExp(pattern).test(link.textContent));
}, section, pattern);
const exactly = (text) => `^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`;
const follow = async (selector) => page.loading(() => page.click(selector));

async function searchFor(text) {
  await page.press("/");
  assert.equal(await focused(), "search", "`/` moves to the search");
  await page.type(text);
  await page.waitFor("results", () => document.querySelectorAll("#results [role=option]").length > 0);
}

await page.size(1280, 900);
await page.prefer("light");

await check("the first page opens without complaint", async () => {
  await page.goto(at("index.html"));
  assert.ok((await heading()).length > 0);
  assert.ok(await page.evaluate(() => document.querySelectorAll("svg.flow a.node").length > 2), "the flow is drawn");
});

await check("the folder itself opens too", async () => {
  await page.goto(base.href);
  assert.ok(await page.evaluate(() => document.styleSheets.length === 1 && getComputedStyle(document.querySelector("nav")).position === "sticky"));
});

await check("typing a message's name and Enter opens its page", async () => {
  await page.goto(at("index.html"));
  await searchFor(options.event.split(".").pop());
  await page.loading(() => page.press("Enter"));
  assert.equal(await whereNow(), at(eventPage));
  assert.equal(await heading(), options.event);
});

await check("an event is followed from its emitter to its listener", async () => {
  await page.goto(at(eventPage));
  await follow(await linkIn("section[aria-labelledby=sent-by] h3", exactly(options.emitter)));
  assert.equal(await heading(), options.emitter);
  await follow(await linkIn("main .facts", exactly(options.event)));
  await follow(await linkIn("section[aria-labelledby=received-by] h3", options.listener));
  assert.match(await heading(), new RegExp(options.listener));
});

await check("the same by clicking through the diagrams", async () => {
  const node = (pattern) => mark(`node ${pattern}`, (pattern) =>
    [...document.querySelectorAll("svg.flow a.node")].find((node) => new RegExp(pattern).test(node.querySelector(".label").textContent)), pattern);
  await page.goto(at("index.html"));
  await follow(await node(exactly(options.emitter)));
  assert.equal(await heading(), options.emitter);
  await follow(await node(exactly(options.event.split(".").pop())));
  assert.equal(await heading(), options.event);
  await follow(await node(options.listener));
  assert.match(await heading(), new RegExp(options.listener));
});

await check("the guard chain stands in its order and ends with the function", async () => {
  await page.goto(at(eventPage));
  await follow(await linkIn("section[aria-labelledby=sent-by] h3", exactly(options.emitter)));
  const steps = await page.evaluate(() => [...document.querySelectorAll("section[aria-labelledby=guards] .chain > li")].map((step) => step.firstChild.textContent));
  assert.ok(steps.length > Number(options.guards), `guards: ${steps.join(" → ")}`);
  assert.equal(steps.at(-1), options.emitter);
  await follow("section[aria-labelledby=guards] .chain > li:first-child a");
  assert.equal(await heading(), steps[0]);
  assert.match(await page.evaluate(() => document.querySelector("section[aria-labelledby=stands-before]").textContent), new RegExp(options.emitter));
});

await check("the theme can be turned and stays turned", async () => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.goto(at("index.html"));
  const light = await background();
  await page.click("#theme");
  const dark = await background();
  assert.notEqual(dark, light);
  assert.equal(await page.evaluate(() => document.querySelector("#theme").getAttribute("aria-pressed")), "true");
  await page.reload();
  assert.equal(await background(), dark);
  await page.click("#theme");
  assert.equal(await background(), light);
  await page.evaluate(() => localStorage.clear());
  await page.prefer("dark");
  await page.reload();
  assert.equal(await background(), dark, "the system's wish counts when nothing was chosen");
  await page.prefer("light");
});

await check("the keyboard is enough", async () => {
  await page.goto(at("index.html"));
  await page.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to content");
  assert.ok(await page.evaluate(() => document.activeElement.getBoundingClientRect().left >= 0), "the skip link shows itself");
  await page.press("Enter");
  await page.waitFor("focus in the content", () => document.activeElement.id === "main");
  await page.press("Tab");
  assert.ok(await page.evaluate(() => document.activeElement.closest("main")), "Tab goes on within the content");
  await searchFor("order");
  const active = () => page.evaluate(() => document.querySelector("#search").getAttribute("aria-activedescendant"));
  assert.equal(await active(), "result-0");
  await page.press("ArrowDown");
  assert.equal(await active(), "result-1");
  await page.press("ArrowUp");
  await page.press("ArrowUp");
  assert.notEqual(await active(), "result-0", "the list goes round");
  await page.press("Escape");
  assert.equal(await page.evaluate(() => document.querySelector("#results").hidden), true);
  await page.press("Escape");
  assert.notEqual(await focused(), "search");
  await searchFor(options.emitter);
  await page.press("ArrowDown");
  await page.press("ArrowUp");
  await page.loading(() => page.press("Enter"));
  assert.equal(await heading(), options.emitter);
  const unseen = await page.evaluate(() => {
    const unseen = [];
    for (const element of document.querySelectorAll("main a, main summary, header button")) {
      if (!element.checkVisibility()) continue;
      element.focus({ focusVisible: true });
      const style = getComputedStyle(element);
      const drawn = element.matches(".node") || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
      if (!drawn) unseen.push(element.outerHTML.slice(0, 80));
    }
    return unseen;
  });
  assert.deepEqual(unseen, [], "focus can be seen");
});

await check("nothing is found, and the page says so", async () => {
  await page.goto(at("index.html"));
  await page.press("/");
  await page.type("<img src=x onerror=alert(1)>");
  await page.waitFor("an answer", () => document.querySelector("#search-status").textContent === "0 results");
});

/** Every page of the site, by its links. */
const pages = new Set();
await check("every link leads somewhere", async () => {
  const waiting = [at("index.html")];
  const broken = [];
  while (waiting.length && pages.size < 600) {
    const next = waiting.pop().split("#")[0];
    if (pages.has(next) || !next.startsWith(base.href)) continue;
    pages.add(next);
    const response = await fetch(next);
    const text = await response.text();
    if (!response.ok) broken.push(`${response.status} ${next}`);
    if (!response.headers.get("content-type")?.startsWith("text/html")) continue;
    for (const [, href] of text.matchAll(/ (?:href|src)="([^"]*)"/g)) waiting.push(new URL(href.replaceAll("&amp;", "&"), next).href);
  }
  assert.deepEqual(broken, []);
  assert.ok(pages.has(at(eventPage)));
});

/** One page of each kind is enough to look at closely. */
async function samples() {
  await page.goto(at(eventPage));
  const emitter = await page.evaluate(() => document.querySelector("section[aria-labelledby=sent-by] h3 a").href);
  const command = await page.evaluate(() => document.querySelector("section[aria-labelledby=sent-by] .facts a").href);
  const slice = await page.evaluate(() => document.querySelector(".title a.slice").href);
  return {
    index: at("index.html"), event: at(eventPage), command, function: emitter, slice,
    messages: at("messages.html"), functions: at("functions.html"), routes: at("routes.html"), dependencies: at("dependencies.html"),
  };
}

const sample = await samples();
if (options.operations) {
  await page.goto(at("operations"));
  sample.operations = at("operations");
  sample.letter = await page.evaluate(() => document.querySelector("section[aria-labelledby=dead-letters] tbody a").href);
}
for (const [name, url] of Object.entries(sample)) {
  await check(`${name}: structure, contrast, width, pictures`, async () => {
    for (const scheme of ["light", "dark"]) {
      await page.prefer(scheme);
      for (const [device, width, height] of [["desktop", 1280, 900], ["mobile", 375, 720]]) {
        await page.size(width, height, device === "mobile");
        await page.goto(url);
        await writeFile(join(options.out, `${name}-${device}-${scheme}.png`), await page.screenshot());
        assert.deepEqual(await page.evaluate(structure), []);
        assert.deepEqual(await page.evaluate(contrast), [], `${scheme} contrast`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${device}: ${wide}px too wide`);
      }
    }
  });
}

await check("the menu opens on a narrow screen, and the search works there", async () => {
  await page.size(375, 720, true);
  await page.prefer("light");
  await page.goto(sample.event);
  await page.click("#menu");
  assert.ok(await page.evaluate(() => document.querySelector("nav").checkVisibility()));
  const covered = await page.evaluate(() => {
    const first = document.querySelector("nav a").getBoundingClientRect();
    return !document.elementFromPoint(first.x + 20, first.y + first.height / 2)?.closest("nav");
  });
  assert.ok(!covered, "the first entry of the menu can be touched");
  await writeFile(join(options.out, "menu-mobile-light.png"), await page.screenshot(true));
  await page.press("Escape");
  assert.ok(await page.evaluate(() => !document.querySelector("nav").checkVisibility()));
  await searchFor("order");
  await writeFile(join(options.out, "search-mobile-light.png"), await page.screenshot(true));
});

await check("searching, as it looks", async () => {
  await page.size(1280, 900);
  for (const scheme of ["light", "dark"]) {
    await page.prefer(scheme);
    await page.goto(sample.index);
    await searchFor("paid");
    await writeFile(join(options.out, `search-desktop-${scheme}.png`), await page.screenshot(true));
  }
});

if (options.operations) {
  const status = () => page.evaluate(() => document.querySelector("main [role=status]").textContent);
  const button = (words) => mark(`button ${words}`, (words) =>
    [...document.querySelectorAll("main form button")].find((button) => button.textContent === words && button.checkVisibility()), words);

  await check("a dead letter is found and delivered again", async () => {
    await page.size(1280, 900);
    await page.prefer("light");
    await page.goto(at("index.html"));
    await follow(await linkIn("nav", "^Operations$"));
    assert.equal(await heading(), "Operations");
    await follow(await linkIn("section[aria-labelledby=dead-letters] tbody th", "\\d+"));
    assert.match(await heading(), /^Dead letter \d+$/);
    await follow(await button("Replay"));
    assert.equal(await heading(), "Operations");
    assert.match(await status(), /^Dead letter \d+ is a delivery again\.$/);
    await writeFile(join(options.out, "replayed-desktop-light.png"), await page.screenshot());
  });

  await check("the keyboard is enough to edit a dead letter", async () => {
    await page.goto(at("operations"));
    await follow(await linkIn("section[aria-labelledby=dead-letters] tbody th", "\\d+"));
    await page.evaluate(() => document.querySelector("details.act summary").focus());
    await page.press("Enter");
    await page.press("Tab");
    assert.equal(await focused(), "new-body");
    await page.type("no JSON ");
    await page.press("Tab");
    await page.loading(() => page.press("Enter"));
    assert.match(await status(), /is not JSON\.$/);
    const unseen = await page.evaluate(() => [...document.querySelectorAll("main :is(form button, summary)")].filter((element) => {
      if (!element.checkVisibility()) return false;
      element.focus({ focusVisible: true });
      return parseFloat(getComputedStyle(element).outlineWidth) < 2;
    }).length);
    assert.equal(unseen, 0, "focus can be seen");
  });

  await check("another site cannot send the forms", async () => {
    const form = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded", origin: "http://evil.example" }, body: "token=" };
    assert.equal((await fetch(`${sample.letter}/discard`, form)).status, 403);
  });
}

await check("no request has left the origin", async () => {
  const elsewhere = page.requests.filter((url) => new URL(url).origin !== base.origin);
  assert.deepEqual(elsewhere, []);
});

if (options.dir) {
  await check("the site works from a folder, without a server", async () => {
    await page.goto(pathToFileURL(join(resolve(options.dir), "index.html")).href);
    await searchFor(options.event);
    await page.loading(() => page.press("Enter"));
    assert.equal(await heading(), options.event);
  });
}

await browser.close();
await server?.close();
console.log(failures ? `${failures} failed` : `all passed, ${pages.size} addresses, pictures in ${options.out}`);
process.exit(failures ? 1 : 0);
