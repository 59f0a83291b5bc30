/** What a dump of a live host may hold and the simulator does not follow. A compiled dataplane never has it. */
export class UnsupportedError extends Error {
  override readonly name = "UnsupportedError";
  /** The record at fault. */
  readonly item: object;

  constructor(what: string, item: object) {
    super(`cannot simulate ${what}`);
    this.item = item;
  }
}
