// Applies the reader's theme before the page is painted. The page works without it.
(() => {
  "use strict";
  const root = document.documentElement;
  try {
    const stored = localStorage.getItem("anywise-theme");
    if (stored === "dark" || stored === "light") root.dataset.theme = stored;
  } catch {
    // Storage may be forbidden, for example in a page opened from a file.
  }
})();
