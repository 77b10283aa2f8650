// The transparency report: the texts, in English and in Simplified Chinese.
import { language } from "../../shared/language.svelte";

const en = {
  title: "Transparency report",
  lead: "What was done, decided, contested and reported: counts, times and the overturn rate.",
  from: "From",
  to: "To",
  json: "Save as JSON",
  measures: "Measures",
  automated: "by a program",
  restored: "Let on air again",
  decided: "Decided by people",
  overturned: "Overturned",
  rate: "of those decided",
  byRule: "By rule",
  byAct: "By measure",
  byState: "By state of the case",
  byKind: "By kind",
  untilDecided: "Until a person decided",
  untilCut: "From verdict to confirmation",
  filed: "Filed",
  fast: "in the fast lane",
  granted: "Granted",
  rejected: "Rejected",
  inTime: "In time",
  answered: "Answered",
  untilAnswered: "Until answered",
  spread: (median: string, most: string): string => `median ${median}, nine in ten within ${most}`,
  none: "none",
};

type Words = typeof en;

const zh: Words = {
  title: "透明度报告",
  lead: "采取的措施、裁决、申诉和举报：数量、用时及推翻率。",
  from: "自",
  to: "至",
  json: "保存为 JSON",
  measures: "措施",
  automated: "由程序作出",
  restored: "已恢复直播",
  decided: "经人工裁决",
  overturned: "推翻",
  rate: "占已裁决",
  byRule: "按规则",
  byAct: "按措施",
  byState: "按案件状态",
  byKind: "按类型",
  untilDecided: "至人工裁决",
  untilCut: "自判定至确认",
  filed: "提出",
  fast: "经快速通道",
  granted: "成立",
  rejected: "驳回",
  inTime: "按时",
  answered: "已答复",
  untilAnswered: "至答复",
  spread: (median, most) => `中位数 ${median}，九成在 ${most} 内`,
  none: "无",
};

const tables = { en, zh };

/** The texts in the language of the page. */
export function figureWords(): Words {
  return tables[language()];
}
