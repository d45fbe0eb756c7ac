// Runs before the first paint, so that no page flashes in the wrong colours. A file, because the
// Content-Security-Policy allows no script in the page.
(() => {
  let chosen = "system";
  try {
    chosen = localStorage.getItem("portolan.theme") ?? "system";
  } catch {
    // Storage is turned off: the system decides.
  }
  const isDark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
})();
