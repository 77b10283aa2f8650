// Registrations changed in bulk: the texts, in English and in Simplified Chinese.
import { language } from "../../shared/language.svelte";

const en = {
  title: "Changes in bulk",
  lead: "More registrations than one person changes alone: another one has to approve.",
  acts: { suspend: "Suspend", reinstate: "Reinstate", revoke: "Revoke" } as Record<string, string>,
  what: (act: string, count: number) => `${act} ${count}`,
  approve: "Approve",
  approveSays: "All of them are changed at once; those that are on air leave it.",
  reject: "Reject",
  rejectSays: "Nothing comes of it.",
  yours: "You proposed it: somebody else approves.",
  approved: "Approved.",
  rejected: "Rejected.",
  which: "Which",
  by: "proposed by",
};

type Words = typeof en;

const zh: Words = {
  title: "批量变更",
  lead: "数量超过一人可独自变更的上限：须由另一人批准。",
  acts: { suspend: "暂停", reinstate: "恢复", revoke: "撤销" },
  what: (act, count) => `${act} ${count} 项`,
  approve: "批准",
  approveSays: "全部同时变更；正在直播的将下播。",
  reject: "驳回",
  rejectSays: "不作任何变更。",
  yours: "由您提出：须由他人批准。",
  approved: "已批准。",
  rejected: "已驳回。",
  which: "对象",
  by: "提出者",
};

const tables = { en, zh };

/** The texts in the language of the page. */
export function batchWords(): Words {
  return tables[language()];
}
