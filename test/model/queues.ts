/** One message as SQS holds it. */
export interface Held {
  readonly id: string;
  readonly body: string;
  /** Messages of one group are received one after the other. */
  readonly group?: string;
  readonly sentAt: Date;
  receives: number;
  /** Nobody receives it before. */
  visibleAt: number;
  /** Of the last receive; empty before the first. */
  receipt: string;
}

/** How a queue of the main stack is set up. */
export interface QueueSetup {
  readonly name: string;
  readonly visibilitySeconds: number;
  /** How often a message is received before it becomes a dead letter. */
  readonly receives: number;
}

/** What a sender says of a message. */
interface Sending {
  readonly delaySeconds?: number;
  readonly group?: string;
  readonly deduplicationId?: string;
}

/** SQS remembers a deduplication id so long. */
const DEDUPLICATION_MS = 300_000;

/** A queue in memory, standard or FIFO, by the clock of `Date`. */
export class SimulatedQueue {
  readonly dead: Held[] = [];
  readonly #setup: QueueSetup;
  readonly #held = new Set<Held>();
  readonly #byReceipt = new Map<string, Held>();
  readonly #seen = new Map<string, number>();
  /** Called when a message may be received: now, or at that time. */
  readonly #wake: (at: number) => void;
  #count = 0;

  constructor(setup: QueueSetup, wake: (at: number) => void) {
    this.#setup = setup;
    this.#wake = wake;
  }

  get waiting(): number {
    return this.#held.size;
  }

  send(body: string, { delaySeconds = 0, group, deduplicationId }: Sending = {}): void {
    const now = Date.now();
    if (deduplicationId !== undefined) {
      if (now - (this.#seen.get(deduplicationId) ?? Number.NEGATIVE_INFINITY) < DEDUPLICATION_MS) return;
      this.#seen.set(deduplicationId, now);
    }
    this.#count += 1;
    const visibleAt = now + delaySeconds * 1000;
    const id = `${this.#setup.name}-${this.#count}`;
    this.#held.add({
      id,
      body,
      ...(group !== undefined && { group }),
      sentAt: new Date(now),
      receives: 0,
      visibleAt,
      receipt: '',
    });
    this.#wake(visibleAt);
  }

  /**
   * The next messages, hidden from then on; none when there is none that may be received now. While a message of a group is hidden,
   * no other one of that group is received; one batch may have several of a group.
   */
  receive(most: number): Held[] {
    const now = Date.now();
    const busy = new Set<string | undefined>();
    for (const { group, visibleAt } of this.#held) if (visibleAt > now) busy.add(group);
    const batch: Held[] = [];
    for (const one of this.#held) {
      if (batch.length === most) break;
      if (one.visibleAt > now || (one.group !== undefined && busy.has(one.group))) continue;
      if (one.receives >= this.#setup.receives) {
        this.#remove(one);
        this.dead.push(one);
        continue;
      }
      one.receives += 1;
      this.#byReceipt.delete(one.receipt);
      one.receipt = `${one.id} ${one.receives}`;
      this.#byReceipt.set(one.receipt, one);
      this.#hide(one, this.#setup.visibilitySeconds);
      batch.push(one);
    }
    return batch;
  }

  /** As ChangeMessageVisibility: a receipt of an earlier receive changes nothing. */
  hide(receipt: string, seconds: number): void {
    const one = this.#byReceipt.get(receipt);
    if (one) this.#hide(one, seconds);
  }

  delete(receipt: string): void {
    const one = this.#byReceipt.get(receipt);
    if (!one) return;
    this.#remove(one);
    this.#wake(Date.now());
  }

  #hide(one: Held, seconds: number): void {
    one.visibleAt = Date.now() + seconds * 1000;
    this.#wake(one.visibleAt);
  }

  #remove(one: Held): void {
    this.#held.delete(one);
    this.#byReceipt.delete(one.receipt);
  }
}
