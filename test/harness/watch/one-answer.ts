/**
 * Never two servers answer for one VIP (P1; PROTOCOL.md, "Properties"), decided from what left each
 * server's port of the switch.
 *
 * - A frame *speaks for* a VIP when the VIP is its IP source, the sender of its ARP packet, or the
 *   target of its neighbour advertisement: answers of every kind, and announcements. It counts at
 *   the time at which it leaves the server's port.
 * - Every server is asked for every VIP in turn, through its own port: whether seats would still
 *   come to it plays no part. A question is answered when a frame that speaks for the VIP leaves
 *   the port before the next question for it.
 * - A *tenure* is a row of such frames of one server with no unanswered question among them: from
 *   the first to the last of them the server answered for the VIP.
 * - Two servers answer at one instant when two of their tenures for one VIP have an instant in
 *   common. Then one of them has spoken after the first answer of the other without having fallen
 *   silent in between, so nobody had handed the VIP back to it.
 *
 * A frame that is lost can cut a tenure in two; it never makes one longer. Blind spot: an answer
 * between the last answered question and the first unanswered one is not asked for; so questions
 * are a few ms apart.
 */

/** Both ends belong to it; µs. */
export interface Span {
  fromUs: number;
  toUs: number;
}

export interface Tenure extends Span {
  server: number;
  vip: number;
  /** Frames in it. */
  frames: number;
}

export interface TwoAnswers extends Span {
  vip: number;
  servers: [number, number];
}

/**
 * A time in which this server was cut off, so that the premise of P1, one connected segment, did
 * not hold for it.
 */
export interface Apart extends Span {
  server: number;
}

/**
 * Makes tenures of questions and frames as they come. Memory grows by one entry for each tenure.
 */
export class TenureRecorder {
  private readonly open: (Tenure | null)[];
  private readonly silent: boolean[];
  private readonly all: Tenure[] = [];

  constructor(
    serverCount: number,
    private readonly vipCount: number,
  ) {
    this.open = new Array<Tenure | null>(serverCount * vipCount).fill(null);
    this.silent = new Array<boolean>(serverCount * vipCount).fill(false);
  }

  /** `server` is asked for `vip` now; its earlier answers have been entered. */
  asked(server: number, vip: number): void {
    const pair = server * this.vipCount + vip;
    if (this.silent[pair]) this.open[pair] = null;
    this.silent[pair] = true;
  }

  /** A frame that speaks for `vip` left the port of `server`. */
  spoke(server: number, vip: number, atUs: number): void {
    const pair = server * this.vipCount + vip;
    this.silent[pair] = false;
    const tenure = this.open[pair];
    if (tenure) {
      tenure.fromUs = Math.min(tenure.fromUs, atUs); // two processors may bring frames out of order
      tenure.toUs = Math.max(tenure.toUs, atUs);
      tenure.frames++;
      return;
    }
    const begun = { server, vip, fromUs: atUs, toUs: atUs, frames: 1 };
    this.open[pair] = begun;
    this.all.push(begun);
  }

  /** All of them, those that still run with their last frame so far. */
  get tenures(): readonly Tenure[] {
    return this.all;
  }
}

/**
 * Every span in which two servers answered for one VIP, as far as neither was {@link Apart} then.
 * In the order of time.
 */
export function twoAnswers(tenures: readonly Tenure[], apart: readonly Apart[] = []): TwoAnswers[] {
  const found: TwoAnswers[] = [];
  const sorted = [...tenures].sort((one, other) => one.fromUs - other.fromUs);
  const running = new Map<number, Tenure[]>();
  for (const tenure of sorted) {
    const { server, vip } = tenure;
    const others = (running.get(vip) ?? []).filter((other) => other.toUs >= tenure.fromUs);
    for (const other of others) {
      if (other.server === server) continue;
      const span = { fromUs: tenure.fromUs, toUs: Math.min(tenure.toUs, other.toUs) };
      const excuses = apart.filter(
        (excuse) => excuse.server === server || excuse.server === other.server,
      );
      for (const rest of without(span, excuses))
        found.push({ vip, servers: [other.server, server], ...rest });
    }
    running.set(vip, [...others, tenure]);
  }
  return found.sort((one, other) => one.fromUs - other.fromUs);
}

/** Every span between two answers for one VIP in which no server answered for it. */
export function silences(tenures: readonly Tenure[]): (Span & { vip: number })[] {
  const untilUs = new Map<number, number>();
  const found: (Span & { vip: number })[] = [];
  for (const { vip, fromUs, toUs } of tenures.toSorted((one, other) => one.fromUs - other.fromUs)) {
    const lastUs = untilUs.get(vip) ?? fromUs;
    if (fromUs > lastUs) found.push({ vip, fromUs: lastUs, toUs: fromUs });
    untilUs.set(vip, Math.max(lastUs, toUs));
  }
  return found;
}

/** The longest of them in ms, 0 for none; one instant counts as 1 µs. */
export function longestMs(spans: readonly Span[]): number {
  return spans.reduce(
    (longest, { fromUs, toUs }) => Math.max(longest, (toUs - fromUs + 1) / 1000),
    0,
  );
}

/** The rest of `span`. */
function without(span: Span, excuses: readonly Span[]): Span[] {
  let rest = [span];
  for (const excuse of excuses) {
    rest = rest.flatMap(({ fromUs, toUs }) => {
      if (excuse.toUs < fromUs || excuse.fromUs > toUs) return [{ fromUs, toUs }];
      return [
        { fromUs, toUs: excuse.fromUs - 1 },
        { fromUs: excuse.toUs + 1, toUs },
      ].filter((part) => part.fromUs <= part.toUs);
    });
  }
  return rest;
}
