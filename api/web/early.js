// Runs before anything is drawn, so that a chosen theme or language does not flash in late.
(() => {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem("nmt.theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    const language = localStorage.getItem("nmt.language");
    root.lang = language || (navigator.language.startsWith("ko") ? "ko" : "en");
  } catch {
    // Storage is switched off: the system's theme and the page's language stay.
  }
})();
