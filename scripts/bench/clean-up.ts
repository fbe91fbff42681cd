/**
 * Actions to undo however the run ends: orderly, by an error, or by Ctrl-C. They are synchronous,
 * because a process that a signal ends does not wait for promises, and run in reverse order of
 * entry.
 */
export class CleanUp {
  private readonly actions = new Set<() => void>();

  /** Enters an action; the returned function runs it and removes it. */
  defer(action: () => void): () => void {
    this.actions.add(action);
    return () => {
      if (this.actions.delete(action)) action();
    };
  }

  /** Runs all remaining actions. A failure is reported and does not stop the others. */
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
