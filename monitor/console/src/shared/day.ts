// Days as people choose them, in the time of their browser.

/** Midnight of a day (2026-11-22) here, or of one so many days later; as the service takes moments. */
export function midnight(day: string, later = 0): string {
  const at = new Date(`${day}T00:00:00`);
  at.setDate(at.getDate() + later);
  return Number.isNaN(at.getTime()) ? day : at.toISOString();
}

/** The day so many months before today, at the beginning of its month. */
export function monthsAgo(count: number): string {
  const now = new Date();
  return iso(new Date(now.getFullYear(), now.getMonth() - count, 1));
}

export const today = () => iso(new Date());

function iso(at: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
