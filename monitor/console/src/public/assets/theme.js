// Before the first paint: the theme and the language that were chosen here. A file, since the pages allow no inline script.
(() => {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    const language = localStorage.getItem("language") ?? navigator.language;
    root.lang = language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
  } catch {
    // Storage may be forbidden; then the system's theme and English it is.
  }
})();
