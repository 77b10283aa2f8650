// Saving what the page has to a file of whoever looks at it.

/** Save ``content`` as ``name``. */
export function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export const text = (content: string) => new Blob([content], { type: "text/plain;charset=utf-8" });
export const json = (content: unknown) =>
  new Blob([JSON.stringify(content, null, 2) + "\n"], { type: "application/json" });
