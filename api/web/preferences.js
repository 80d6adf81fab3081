// What is remembered: language, theme and model for good, the key until the tab closes. Never texts.

const PREFIX = "nmt.";

/** Gives a remembered value, or null; also where the browser keeps nothing. */
export function recall(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Not kept, then.
  }
}

let key = null;

export function currentKey() {
  if (key === null) {
    try {
      key = sessionStorage.getItem(PREFIX + "key") ?? "";
    } catch {
      key = "";
    }
  }
  return key;
}

export function useKey(value) {
  key = value;
  try {
    sessionStorage.setItem(PREFIX + "key", value);
  } catch {
    // It holds until the page is left.
  }
}

/** Shows the theme that is in use, and lets a button switch it. */
export function startTheme(button, describe) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const show = () => {
    button.textContent = isDark() ? "☀" : "☾";
    describe(button, isDark() ? "toLight" : "toDark");
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember("theme", root.dataset.theme);
    show();
  });
  system.addEventListener("change", show);
  show();
  return show;
}
