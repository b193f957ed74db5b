// Serves a folder under a prefix, with the strict policy the site promises to live with.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

const POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Answers with the address of the folder and a way to stop. */
export async function serve(folder, prefix = "/anywise/") {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (!pathname.startsWith(prefix)) return response.writeHead(404).end();
    const below = normalize(decodeURIComponent(pathname.slice(prefix.length)) || "index.html");
    if (below.startsWith("..")) return response.writeHead(404).end();
    try {
      const bytes = await readFile(join(folder, below));
      response.writeHead(200, {
        "content-type": TYPES[extname(below)] ?? "application/octet-stream",
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
      });
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}${prefix}`,
    close: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }),
  };
}
