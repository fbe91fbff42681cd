import { mkdirSync } from "node:fs";
import { run } from "../harness/command.ts";

/** A file system of its own, which can be frozen. */
export class HangingDisk {
  private isHanging = false;

  constructor(private readonly directory: string) {
    const image = `${directory}.image`;
    mkdirSync(directory, { recursive: true });
    run("truncate", "-s", "32M", image);
    run("mkfs.ext4", "-q", image);
    run("mount", "-o", "loop", image, directory);
  }

  hang(hanging = true): void {
    if (hanging !== this.isHanging) run("fsfreeze", hanging ? "-f" : "-u", this.directory);
    this.isHanging = hanging;
  }

  /** The last writer may still have to end. */
  remove(): void {
    run("umount", "--lazy", this.directory);
  }
}
