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
    at: /^\/console\/appeals$/,
    href: "/console/appeals",
    scope: "cases:read",
    icon: "appeals",
    title: "appeals",
    load: () => import("./pages/Appeals.svelte"),
  },
  {
    at: /^\/console\/reports$/,
    href: "/console/reports",
    scope: "cases:read",
    icon: "reports",
    title: "reports",
    load: () => import("./pages/Reports.svelte"),
  },
  {
    at: /^\/console\/reports\/[a-z0-9_]+$/,
    href: "/console/report",
    under: "/console/reports",
    scope: "cases:read",
    load: () => import("./pages/ReportPage.svelte"),
  },
  {
    at: /^\/console\/avatars$/,
    href: "/console/avatars",
    scope: "avatars:read",
    icon: "avatars",
    title: "avatars",
    load: () => import("./pages/Avatars.svelte"),
  },
  {
    at: /^\/console\/avatars\/[a-z0-9_]+$/,
    href: "/console/avatar",
    under: "/console/avatars",
    scope: "avatars:read",
    load: () => import("./pages/AvatarPage.svelte"),
  },
  {
    at: /^\/console\/reviews$/,
    href: "/console/reviews",
    scope: "avatars:review",
    icon: "reviews",
    title: "reviews",
    load: () => import("./pages/Reviews.svelte"),
  },
  {
    at: /^\/console\/reviews\/[a-z0-9_]+$/,
    href: "/console/review",
    under: "/console/reviews",
    scope: "avatars:review",
    load: () => import("./pages/ReviewPage.svelte"),
  },
  {
    at: /^\/console\/operators$/,
    href: "/console/operators",
    scope: "operators:read",
    icon: "operators",
    title: "operators",
    load: () => import("./pages/Operators.svelte"),
  },
  {
    at: /^\/console\/policies$/,
    href: "/console/policies",
    scope: "policies:read",
    icon: "policies",
    title: "policies",
    load: () => import("./pages/Policies.svelte"),
  },
  {
    at: /^\/console\/policies\/back-test$/,
    href: "/console/policies/back-test",
    under: "/console/policies",
    scope: "policies:read",
    load: () => import("./pages/BackTestPage.svelte"),
  },
  {
    at: /^\/console\/figures$/,
    href: "/console/figures",
    scope: "cases:read",
    icon: "figures",
    title: "figures",
    load: () => import("./pages/Figures.svelte"),
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
