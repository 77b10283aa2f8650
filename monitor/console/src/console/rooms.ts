// The rooms of the console: where each is, who may enter, and the page that is loaded when somebody does.
import type { Component } from "svelte";
import type { Words } from "../shared/words";

export interface Room {
  at: RegExp;
  href: string;
  scope: string;
  icon?: string;
  /** Its name in the menu; a room without one is reached from another. */
  title?: keyof Words;
  /** The room of the menu that it is part of. */
  under?: string;
  load: () => Promise<{ default: Component }>;
}

export const rooms: Room[] = [
  {
    at: /^\/console\/live$/,
    href: "/console/live",
    scope: "sessions:read",
    icon: "live",
    title: "live",
    load: () => import("./pages/Wall.svelte"),
  },
  {
    at: /^\/console\/cases$/,
    href: "/console/cases",
    scope: "cases:read",
    icon: "cases",
    title: "cases",
    load: () => import("./pages/Queue.svelte"),
  },
  {
    at: /^\/console\/cases\/[a-z0-9_]+$/,
    href: "/console/case",
    under: "/console/cases",
    scope: "cases:read",
    load: () => import("./pages/CasePage.svelte"),
  },
  {
    at: /^\/console\/accounts$/,
    href: "/console/accounts",
    scope: "admin",
    icon: "accounts",
    title: "accounts",
    load: () => import("./pages/Accounts.svelte"),
  },
];
