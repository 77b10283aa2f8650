// A back-test as it runs: some sessions at a time, so that it shows at once and can be stopped.
import { post } from "../shared/api";

export type Outcome = "passed" | "warned" | "cut";

export interface Trial {
  session: string;
  avatar: string;
  account: string;
  attached_at: string;
  judged_by: string;
  then: Outcome;
  ordered: boolean;
  outcome: Outcome;
  rung: string;
  at: number | null;
  cause: string | null;
  p_human: number | null;
  anew: boolean;
  case: string | null;
  case_state: "open" | "more_asked" | "upheld" | "overturned" | null;
  trouble: string | null;
}

const GRAVITY: Record<Outcome, number> = { passed: 0, warned: 1, cut: 2 };

/** Below zero where the draft is milder than what was done, above where it is harder. */
export const harder = (trial: Trial) => GRAVITY[trial.outcome] - GRAVITY[trial.then];

const spared = (trial: Trial, state: Trial["case_state"]) =>
  trial.then === "cut" && trial.outcome !== "cut" && trial.case_state === state;

export class BackTest {
  trials = $state.raw<Trial[]>([]);
  running = $state(false);
  done = $state(false);
  #turn = 0;

  /** Try a policy on up to ``most`` sessions; throws what the service refuses. */
  async run(asked: Record<string, unknown>, most: number): Promise<void> {
    const turn = ++this.#turn;
    [this.trials, this.running, this.done] = [[], true, false];
    try {
      let cursor: string | null = null;
      do {
        const limit = Math.min(10, most - this.trials.length);
        const body: Record<string, unknown> = { ...asked, limit, cursor };
        const page: { items: Trial[]; next: string | null } = await post("/v1/policies/back-test", body);
        if (turn !== this.#turn) return;
        this.trials = [...this.trials, ...page.items];
        cursor = page.next;
      } while (cursor && this.trials.length < most);
      this.done = true;
    } finally {
      if (turn === this.#turn) this.running = false;
    }
  }

  stop(): void {
    this.#turn += 1;
    [this.running, this.done] = [false, true];
  }

  /** What it comes to. */
  get tally() {
    const count = (fits: (trial: Trial) => boolean) => this.trials.filter(fits).length;
    return {
      same: count((trial) => harder(trial) === 0),
      milder: count((trial) => harder(trial) < 0),
      harder: count((trial) => harder(trial) > 0),
      mended: count((trial) => spared(trial, "overturned")),
      lost: count((trial) => spared(trial, "upheld")),
    };
  }
}
