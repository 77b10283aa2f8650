// Where the page is: path and query, which the back button knows. Search and filters live here and nowhere else.

const at = $state({ path: location.pathname, query: location.search });

addEventListener("popstate", read);

function read(): void {
  at.path = location.pathname;
  at.query = location.search;
}

export function path(): string {
  return at.path;
}

export function query(): URLSearchParams {
  return new URLSearchParams(at.query);
}

export function go(address: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  read();
  if (!replace) scrollTo(0, 0);
}

/** Change some of the query's values; empty ones are taken out. */
export function filter(changes: Record<string, string>): void {
  const next = query();
  for (const [name, value] of Object.entries(changes)) {
    if (value === "") next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  go(text === "" ? at.path : `${at.path}?${text}`, { replace: true });
}

/** Let links within the page be followed without loading it anew. */
export function follow(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = (event.target as Element).closest("a");
  if (!link || link.target || link.origin !== location.origin || !link.pathname.startsWith("/console")) return;
  event.preventDefault();
  go(link.pathname + link.search);
}
