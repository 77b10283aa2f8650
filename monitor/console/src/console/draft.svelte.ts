// What is being written about something, kept in this tab: a sign-in that ends in between loses no words.

export class Draft {
  #name: () => string;
  #text = $state("");
  #of = "";

  /** ``name`` says what it is about; another name, another draft. */
  constructor(name: () => string) {
    this.#name = name;
    $effect.pre(() => this.#open(this.#name()));
  }

  get text(): string {
    return this.#text;
  }

  set text(next: string) {
    this.#text = next;
    try {
      if (next === "") sessionStorage.removeItem(this.#of);
      else sessionStorage.setItem(this.#of, next);
    } catch {
      return; // where nothing may be stored, it lasts as long as the page
    }
  }

  #open(name: string): void {
    this.#of = `draft ${name}`;
    try {
      this.#text = sessionStorage.getItem(this.#of) ?? "";
    } catch {
      this.#text = "";
    }
  }
}
