/**
 * What must be undone however the run ends: in good order, by an error, or by Ctrl-C. Actions are
 * synchronous, because nobody waits for promises when a signal ends the process, and are taken in
 * the opposite order of their entry.
 */
export class CleanUp {
  private readonly actions = new Set<() => void>();

  /** Enters an action; the function that comes back takes it and strikes it off. */
  defer(action: () => void): () => void {
    this.actions.add(action);
    return () => {
      if (this.actions.delete(action)) action();
    };
  }

  /**
   * Takes every action that is left. One that fails is reported and does not hold up the others.
   */
  run(): void {
    for (const action of [...this.actions].reverse()) {
      this.actions.delete(action);
      try {
        action();
      } catch (error) {
        process.stderr.write(`bench: clean-up: ${(error as Error).message}\n`);
      }
    }
  }
}
