// The language of the page: English or Simplified Chinese, remembered on this browser.

export type Language = "en" | "zh";

const chosen = $state<{ language: Language }>({
  language: document.documentElement.lang.startsWith("zh") ? "zh" : "en",
});

export function language(): Language {
  return chosen.language;
}

export function speak(next: Language): void {
  chosen.language = next;
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
  keep("language", next);
}

/** Texts in two languages, as the API gives them. */
export interface Wording {
  en: string;
  zh: string;
}

export function said(words: Wording): string {
  return words[chosen.language];
}

/** Remember a choice on this browser; where storage is forbidden it lasts as long as the page. */
export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    return;
  }
}
