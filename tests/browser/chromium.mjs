// A headless Chromium, driven over the DevTools protocol through a pipe: no dependencies.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--disable-default-apps", "--disable-extensions", "--hide-scrollbars", "--force-color-profile=srgb",
  "--remote-debugging-pipe",
];

/** Starts a browser; `close()` ends it and removes its profile. */
export async function launch(executable = process.env.CHROMIUM ?? "/usr/bin/chromium") {
  const profile = await mkdtemp(join(tmpdir(), "anywise-browser-"));
  const child = spawn(executable, [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const connection = new Connection(child.stdio[3], child.stdio[4]);
  child.once("error", (error) => connection.fail(error));
  child.once("exit", (code) => connection.fail(new Error(`chromium ended with ${code}`)));
  return {
    newPage: () => Page.open(connection),
    async close() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      connection.send("Browser.close").catch(() => {});
      const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
      if (child.exitCode === null && child.signalCode === null) await ended;
      clearTimeout(timer);
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Requests, answers and events: JSON with a NUL after each message. */
class Connection {
  #out;
  #next = 1;
  #waiting = new Map();
  #listeners = new Set();
  #error = null;

  constructor(out, input) {
    this.#out = out;
    out.on("error", (error) => this.fail(error));
    let pending = Buffer.alloc(0);
    input.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (let end = pending.indexOf(0); end >= 0; end = pending.indexOf(0)) {
        this.#receive(JSON.parse(pending.subarray(0, end).toString("utf8")));
        pending = pending.subarray(end + 1);
      }
    });
  }

  send(method, params = {}, sessionId) {
    if (this.#error) return Promise.reject(this.#error);
    const id = this.#next++;
    this.#out.write(JSON.stringify({ id, method, params, sessionId }) + "\0");
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject, method }));
  }

  on(listener) {
    this.#listeners.add(listener);
  }

  fail(error) {
    this.#error ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #receive(message) {
    const waiting = this.#waiting.get(message.id);
    if (waiting) {
      this.#waiting.delete(message.id);
      if (message.error) waiting.reject(new Error(`${waiting.method}: ${message.error.message}`));
      else waiting.resolve(message.result);
    } else {
      for (const listener of this.#listeners) listener(message);
    }
  }
}

const KEYS = {
  Enter: { code: "Enter", windowsVirtualKeyCode: 13, text: "\r" },
  Escape: { code: "Escape", windowsVirtualKeyCode: 27 },
  Tab: { code: "Tab", windowsVirtualKeyCode: 9 },
  ArrowDown: { code: "ArrowDown", windowsVirtualKeyCode: 40 },
  ArrowUp: { code: "ArrowUp", windowsVirtualKeyCode: 38 },
  "/": { code: "Slash", windowsVirtualKeyCode: 191, text: "/" },
};

/** One tab. It remembers every request and every complaint of the page. */
export class Page {
  requests = [];
  complaints = [];
  #connection;
  #session;
  #loads = 0;

  static async open(connection) {
    const page = new Page();
    const { targetId } = await connection.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await connection.send("Target.attachToTarget", { targetId, flatten: true });
    page.#connection = connection;
    page.#session = sessionId;
    connection.on((message) => message.sessionId === sessionId && page.#hear(message));
    for (const domain of ["Page", "Runtime", "Network", "Log", "Accessibility"]) await page.send(`${domain}.enable`);
    return page;
  }

  send(method, params) {
    return this.#connection.send(method, params, this.#session);
  }

  #hear({ method, params }) {
    if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
    if (method === "Network.responseReceived" && params.response.status >= 400) {
      this.complaints.push(`${params.response.status} for ${params.response.url}`);
    }
    if (method === "Page.loadEventFired") this.#loads += 1;
    if (method === "Runtime.exceptionThrown") {
      const { text, exception } = params.exceptionDetails;
      this.complaints.push(`exception: ${exception?.description ?? text}`);
    }
    if (method === "Runtime.consoleAPICalled" && ["error", "warning", "assert"].includes(params.type)) {
      this.complaints.push(`console: ${params.args.map((arg) => arg.value ?? arg.description).join(" ")}`);
    }
    if (method === "Log.entryAdded" && ["error", "warning"].includes(params.entry.level)) {
      this.complaints.push(`${params.entry.level}: ${params.entry.text} ${params.entry.url ?? ""}`);
    }
    if (method === "Page.javascriptDialogOpening") {
      this.complaints.push(`dialog: ${params.message}`);
      this.send("Page.handleJavaScriptDialog", { accept: false }).catch(() => {});
    }
  }

  /** Runs `action` and waits for the page load it starts. */
  async loading(action) {
    const before = this.#loads;
    await action();
    await until("a page load", () => this.#loads > before);
  }

  async goto(url) {
    await this.loading(async () => {
      const { errorText } = await this.send("Page.navigate", { url });
      if (errorText) throw new Error(`${errorText} for ${url}`);
    });
  }

  reload() {
    return this.loading(() => this.send("Page.reload"));
  }

  /** Evaluates a function in the page with JSON arguments. */
  async evaluate(body, ...args) {
    const expression = `(${body})(...${JSON.stringify(args)})`;
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until a function in the page answers with something true, and returns it. */
  waitFor(what, body, ...args) {
    return until(what, () => this.evaluate(body, ...args));
  }

  async press(key, modifiers = 0) {
    const known = KEYS[key];
    await this.send("Input.dispatchKeyEvent", { type: known.text ? "keyDown" : "rawKeyDown", key, modifiers, ...known });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", key, modifiers, ...known, text: undefined });
  }

  async type(text) {
    for (const character of text) {
      await this.send("Input.dispatchKeyEvent", { type: "keyDown", key: character, text: character });
      await this.send("Input.dispatchKeyEvent", { type: "keyUp", key: character });
    }
  }

  /** Clicks the middle of an element, as a mouse does. */
  async click(selector) {
    const at = await this.evaluate((selector) => {
      const element = document.querySelector(selector);
      if (!element) return null;
      element.scrollIntoView({ block: "center", inline: "center" });
      const [box] = element.getClientRects();
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    }, selector);
    if (!at) throw new Error(`nothing to click: ${selector}`);
    for (const type of ["mouseMoved", "mousePressed", "mouseReleased"]) {
      await this.send("Input.dispatchMouseEvent", { type, ...at, button: type === "mouseMoved" ? "none" : "left", clickCount: 1 });
    }
  }

  size(width, height, mobile = false) {
    return this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: mobile ? 2 : 1, mobile });
  }

  prefer(scheme) {
    return this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  }

  /** A picture of the whole page, or of what the window shows of it. */
  async screenshot(window = false) {
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: !window });
    return Buffer.from(data, "base64");
  }
}

/** Asks again until the answer is true; fails after ten seconds. */
export async function until(what, ask) {
  const deadline = Date.now() + 10_000;
  let last;
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      // A page between two documents cannot be asked; anything else shows in the end.
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`waited in vain for ${what}${last ? `: ${last.message}` : ""}`);
}
