import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * What is known, outside of the database, of whether a set was ever formed. `forming` is written before
 * the set is, and no application gets a user before `formed` is: so as long as it is not, no
 * application has stored anything.
 */
export type Stage = "none" | "forming" | "formed";

/** Remembers the stage; it must outlive the keeper, and the members' volumes. */
export interface RecordStore {
  /** @throws when it cannot be told; nothing is formed then. */
  read(): Promise<Stage>;
  /** Returns when the stage is safe. */
  write(stage: Exclude<Stage, "none">): Promise<void>;
}

/** A record in a file, written so that a crash leaves the old one or the new one. */
export class RecordFile implements RecordStore {
  constructor(private readonly path: string) {}

  async read(): Promise<Stage> {
    let text: string;
    try {
      text = await readFile(this.path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "none";
      throw error;
    }
    const stage = /^\{"stage":"(forming|formed)"\}\n$/.exec(text)?.[1];
    if (stage === undefined) {
      throw new Error(
        `${this.path} is not the keeper's record: mend it or, if no set ever was, remove it`,
      );
    }
    return stage as Stage;
  }

  async write(stage: Exclude<Stage, "none">): Promise<void> {
    const folder = dirname(this.path);
    await mkdir(folder, { recursive: true });
    const draft = `${this.path}.new`;
    const file = await open(draft, "w", 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ stage })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.path);
    const directory = await open(folder);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}
