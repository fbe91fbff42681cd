/**
 * What somebody asks of this server: to give less of its resource, and to move nothing that runs
 * anywhere (PROTOCOL.md, "Inputs"). It counts only while all others can be told of it, because each
 * works out the whole assignment for itself and must use the same inputs (P5).
 */
export class OwnInputs {
  /** Percentage of the server's resource that it withholds. */
  withheld = 0;
  /** Nothing that runs is to move, here or elsewhere. */
  holds = false;
  private askedWithheld = 0;
  private askedHolds = false;

  ask(withheld: number, holds: boolean): void {
    this.askedWithheld = withheld;
    this.askedHolds = holds;
  }

  /**
   * @param areTold every server that plans with this one understands what is asked for
   * @returns whether what counts has changed
   */
  settle(areTold: boolean): boolean {
    const withheld = areTold ? this.askedWithheld : 0;
    const holds = areTold && this.askedHolds;
    if (withheld === this.withheld && holds === this.holds) return false;
    this.withheld = withheld;
    this.holds = holds;
    return true;
  }
}
