// A list that the service gives page by page, at an address that may change while an answer is on its way.
import { get, type Page } from "../shared/api";
import { complain } from "../shared/notice.svelte";

export class Listing<T> {
  items = $state.raw<T[]>([]);
  /** Where the next page begins; null where there is none. */
  next = $state<string | null>(null);
  loading = $state(true);
  #path: () => string;
  #came: (first: boolean) => void;

  /** `path`: the address without a cursor; `came` is called after a page came, the first one or a further one. */
  constructor(path: () => string, came: (first: boolean) => void = () => undefined) {
    this.#path = path;
    this.#came = came;
  }

  /** Ask for the first page, or for the one at `cursor`. What was asked for at another address counts no more. */
  async load(cursor: string | null = null): Promise<void> {
    const asked = this.#path();
    this.loading = true;
    try {
      const page = await get<Page<T>>(cursor ? `${asked}&cursor=${cursor}` : asked);
      if (asked !== this.#path()) return;
      this.items = cursor ? [...this.items, ...page.items] : page.items;
      this.next = page.next;
      this.#came(!cursor);
    } catch (error) {
      complain(error);
    } finally {
      this.loading = false;
    }
  }
}
