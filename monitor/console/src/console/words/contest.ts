// Appeals, reports, and cuts that are all held: the texts, in English and in Simplified Chinese.
import { language } from "../../shared/language.svelte";

const en = {
  waiting: "Waiting",
  everyone: "All",
  appealsLead: "Whoever was cut asks for another person to look. What may still be on air comes first.",
  noAppeals: "No appeal waits. Nothing is asked of you here.",
  noAppealsEver: "Nobody has appealed.",
  fast: "Fast lane",
  fastSays: "The show may still be on.",
  appealTitle: "Appeal",
  outcomes: { granted: "Granted", rejected: "Rejected" } as Record<string, string>,
  notYoursToDecide: "You decided this case first: another moderator decides the appeal.",
  notAgain: "You decided this case: another moderator must be the one to turn it round.",
  grantSays: "To grant it, overturn: the stream is let in again and the strikes are taken back. To reject it, uphold.",
  yoursBefore: "you decided first",
  due: (left: string) => `${left} left`,
  overdue: (by: string) => `overdue by ${by}`,
  inTime: "in time",
  late: "late",

  reportsLead: "What viewers saw, and people whose likeness was taken. A report alone never cuts.",
  noReports: "No report waits for an answer.",
  noReportsEver: "Nobody has reported anything.",
  kinds: { stream: "A stream", likeness: "A likeness" } as Record<string, string>,
  reportTitle: (kind: string): string => (kind === "likeness" ? "A likeness was taken" : "A stream was reported"),
  reportGone: "This report cannot be shown",
  whatTheySay: "What they say",
  standing: "Why it is theirs to speak for",
  notKept: "Who reported is not kept. They read the answer by a secret of theirs.",
  about: "The stream",
  noSession: "They named no stream.",
  sessionCases: "Cases of this stream",
  alike: "Registered avatars that it resembles",
  alikeSays: "Compared with every registered likeness when it was filed. The pictures that were sent are not kept.",
  noneAlike: "No registered avatar resembles it.",
  similar: (percent: string) => `${percent} alike`,
  onAir: "On air",
  neverOnAir: "It was never on air.",
  registeredPicture: "Registered",
  seen: "Pictures on air that it resembles",
  seenSays: "Whoever they are registered as: what is watched now, and what is kept with cases.",
  noneSeen: "Nothing on air, now or kept with a case, resembles it.",
  liveNow: "On air now",
  keptWith: "Kept with a case",
  shownAt: "What was on air",
  openCase: "Open the case",
  toWall: "To the live wall",
  answer: "Answer",
  answerHint: "Told to whoever reported it. It cannot be changed afterwards.",
  answers: [
    "We looked: a person drives this avatar.",
    "We looked at the stream and acted on it.",
    "The avatar is registered by whoever may use it.",
  ],
  send: "Send the answer",
  answered: "Answered.",
  answeredBy: "Answered by",
  toAnswer: "To answer",
  answerFirst: "Write the answer first.",
  toAnswerField: "To the answer",

  heldTitle: "All cuts are held",
  heldBecause: (lapsed: number, of: number) =>
    `${lapsed} of ${of} streams lost their operators at once. That is rather a fault than ${lapsed} offences: no ladder climbs, nothing is cut.`,
  lostNow: (lost: number) =>
    lost === 0
      ? "All operators are back."
      : lost === 1
        ? "One stream is without its operator now."
        : `${lost} streams are without their operators now.`,
  losses: {
    no_answer: "connected and silent",
    channel_down: "channel down",
    protocol: "broke the protocol",
  } as Record<string, string>,
  release: "Let cuts go on",
  releaseSays:
    "Every ladder goes on where it stood, and streams without an operator are cut in their turn. Do so once you know that it is no fault of the network or of ours.",
  released: "Cuts go on.",
  seniorsRelease: "A senior moderator can let them go on.",
};

type Words = typeof en;

const zh: Words = {
  waiting: "待处理",
  everyone: "全部",
  appealsLead: "被切断者请求另一人复核。可能仍在直播的最先处理。",
  noAppeals: "没有待处理的申诉。",
  noAppealsEver: "尚无申诉。",
  fast: "快速通道",
  fastSays: "直播可能仍在进行。",
  appealTitle: "申诉",
  outcomes: { granted: "成立", rejected: "驳回" },
  notYoursToDecide: "本案最初由您裁决，申诉须由另一名审核员裁决。",
  notAgain: "本案由您裁决，改判须由另一名审核员提出。",
  grantSays: "推翻即申诉成立：恢复直播并撤回记录；维持即驳回申诉。",
  yoursBefore: "最初由您裁决",
  due: (left) => `剩余 ${left}`,
  overdue: (by) => `已逾期 ${by}`,
  inTime: "按时",
  late: "逾期",

  reportsLead: "观众所见，以及形象被盗用者的举报。仅凭举报绝不切断。",
  noReports: "没有待答复的举报。",
  noReportsEver: "尚无举报。",
  kinds: { stream: "直播", likeness: "形象" },
  reportTitle: (kind) => (kind === "likeness" ? "形象被盗用" : "直播被举报"),
  reportGone: "无法显示此举报",
  whatTheySay: "举报内容",
  standing: "权利说明",
  notKept: "不保存举报人身份。举报人凭其密钥查看答复。",
  about: "直播",
  noSession: "未指明直播。",
  sessionCases: "该直播的案件",
  alike: "相似的已登记形象",
  alikeSays: "举报时已与全部登记形象比对。所附图片不予保存。",
  noneAlike: "没有相似的已登记形象。",
  similar: (percent) => `相似度 ${percent}`,
  onAir: "开播记录",
  neverOnAir: "从未开播。",
  registeredPicture: "已登记",
  seen: "相似的播出画面",
  seenSays: "无论登记为何：当前监测的画面，以及案件中保存的画面。",
  noneSeen: "当前及案件中均无相似画面。",
  liveNow: "正在直播",
  keptWith: "案件中保存",
  shownAt: "播出画面",
  openCase: "打开案件",
  toWall: "前往直播墙",
  answer: "答复",
  answerHint: "将告知举报人，发送后不可更改。",
  answers: ["经查看，该虚拟形象由真人驱动。", "已查看该直播并作出处理。", "该形象由有权使用者登记。"],
  send: "发送答复",
  answered: "已答复。",
  answeredBy: "答复者",
  toAnswer: "待答复",
  answerFirst: "请先填写答复。",
  toAnswerField: "转到答复",

  heldTitle: "全部切断已暂停",
  heldBecause: (lapsed, of) =>
    `${of} 路直播中有 ${lapsed} 路同时失去操作员。这更像故障而非违规：阶梯不再上升，不会切断任何直播。`,
  lostNow: (lost) => (lost === 0 ? "操作员均已恢复在线。" : `当前有 ${lost} 路直播没有操作员。`),
  losses: { no_answer: "已连接但无响应", channel_down: "通道中断", protocol: "违反协议" },
  release: "恢复切断",
  releaseSays: "所有阶梯从原处继续，没有操作员的直播将依次被切断。请先确认这不是网络或本服务的故障。",
  released: "切断已恢复。",
  seniorsRelease: "高级审核员可以恢复。",
};

const tables = { en, zh };

/** The texts in the language of the page. */
export function contest(): Words {
  return tables[language()];
}
