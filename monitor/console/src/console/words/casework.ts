// What belongs to a case beside its decision: evidence, legal hold, statement of reasons, strikes. Both languages.
import { language } from "../../shared/language.svelte";

const en = {
  evidence: "Evidence",
  keptUntil: "Kept until",
  onHold: "On legal hold",
  heldOn: "It is kept until the hold is lifted, whatever its time.",
  noEvidence: "There is no evidence",
  evidenceGone: "It was deleted when its time was over; the ledger has its hashes and the proof.",
  pieces: (count: number, size: string): string =>
    count === 1 ? `One exhibit, ${size}` : `${count} exhibits, ${size}`,
  savePack: "Save the pack",
  packSays: "Everything that the case rests on, with its proof: nakanohito verify checks it on any machine.",
  packing: "Packing…",
  hold: "Put on hold",
  holdSays: "Keep the evidence beyond its time, for a court or an authority, until the hold is lifted.",
  lift: "Lift the hold",
  liftSays: "The evidence is deleted again once its time is over.",
  isHeld: "The evidence is on hold.",
  isLifted: "The hold is lifted.",

  statement: "Statement of reasons",
  statementSays: "Sent to the operators and to the platform: what was done, why, for how long, how to contest it.",
  noStatement: "There is no statement",
  text: "Text",
  forDsa: "JSON for the EU's DSA Transparency Database",

  strikes: "Strikes",
  strikesSay: "What this cut counts against. Overturning takes back all of them.",
  noStrikes: "This cut strikes nobody.",
  subjects: { avatar: "Avatar", operator: "Operator", account: "Account" } as Record<string, string>,
  stand: (count: number): string => (count === 1 ? "1 stands" : `${count} stand`),
  takenBack: "Taken back",
  takeBack: "Take back",
  takeBackSays: "This strike does not count any more; the cut stays as it is.",
  isTakenBack: "The strike is taken back.",
};

type Words = typeof en;

const zh: Words = {
  evidence: "证据",
  keptUntil: "保存至",
  onHold: "法律保全",
  heldOn: "在解除保全之前一直保存，不受期限影响。",
  noEvidence: "没有证据",
  evidenceGone: "已到期删除，账本中保存其哈希值及证明。",
  pieces: (count, size) => `${count} 件证据，${size}`,
  savePack: "保存证据包",
  packSays: "本案所依据的全部材料及其证明，可在任何机器上用 nakanohito verify 核验。",
  packing: "正在打包…",
  hold: "设为保全",
  holdSays: "应法院或主管部门要求，超期保存证据，直至解除。",
  lift: "解除保全",
  liftSays: "到期后将照常删除证据。",
  isHeld: "证据已设为保全。",
  isLifted: "保全已解除。",

  statement: "理由说明",
  statementSays: "已发送给操作员和平台：采取了什么措施、理由、期限以及申诉途径。",
  noStatement: "没有理由说明",
  text: "文本",
  forDsa: "欧盟 DSA 透明度数据库 JSON",

  strikes: "违规记录",
  strikesSay: "此次切断计入的对象。推翻后全部撤回。",
  noStrikes: "此次切断未计入任何对象。",
  subjects: { avatar: "虚拟形象", operator: "操作员", account: "账号" },
  stand: (count) => `有效 ${count} 次`,
  takenBack: "已撤回",
  takeBack: "撤回",
  takeBackSays: "此记录不再计入，切断本身不变。",
  isTakenBack: "记录已撤回。",
};

const tables = { en, zh };

/** The texts in the language of the page. */
export function casework(): Words {
  return tables[language()];
}
