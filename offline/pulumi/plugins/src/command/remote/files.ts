import { readdirSync, statSync } from "node:fs";
import { basename, join, posix } from "node:path";
import type { Client, SFTPWrapper, Stats } from "ssh2";

/** SFTP's status for "no such file". */
const NO_SUCH_FILE = 2;

/** Files on another host. */
export class RemoteFiles {
  private constructor(private readonly sftp: SFTPWrapper) {}

  /** Starts SFTP on a connection. */
  static open(client: Client): Promise<RemoteFiles> {
    return new Promise((resolve, reject) => {
      client.sftp((error, sftp) => (error ? reject(error) : resolve(new RemoteFiles(sftp))));
    });
  }

  /**
   * Copies a file or a directory. What is there as a directory takes it in, but the content of `source/` goes
   * straight into it; what is there as a file is overwritten by a file, and refused for a directory.
   */
  async putPath(source: string, target: string): Promise<void> {
    const there = await this.stat(target);
    if (!statSync(source).isDirectory()) {
      const path = there?.isDirectory() ? posix.join(target, basename(source)) : target;
      if (!there) await this.makeDirectories(posix.dirname(target));
      return this.putFile(source, path);
    }
    const path = source.endsWith("/") ? target : posix.join(target, basename(source));
    await this.makeDirectories(path);
    await this.putDirectory(source, path);
  }

  /** Writes a text to a file. */
  async putText(text: string, target: string): Promise<void> {
    if ((await this.stat(target))?.isDirectory()) {
      throw new Error(
        `remote path ${target} is a directory; when using a text asset, remotePath must be a file path`,
      );
    }
    await this.makeDirectories(posix.dirname(target));
    await this.call((done) => this.sftp.writeFile(target, text, done), `write ${target}`);
  }

  private async putDirectory(source: string, target: string): Promise<void> {
    for (const entry of readdirSync(source)) {
      const [from, to] = [join(source, entry), posix.join(target, entry)];
      if (statSync(from).isDirectory()) {
        await this.makeDirectories(to);
        await this.putDirectory(from, to);
      } else {
        await this.putFile(from, to);
      }
    }
  }

  private putFile(source: string, target: string): Promise<void> {
    return this.call((done) => this.sftp.fastPut(source, target, done), `write ${target}`);
  }

  private async makeDirectories(path: string): Promise<void> {
    const there = await this.stat(path);
    if (there?.isDirectory()) return;
    if (there) throw new Error(`remote path ${path} exists but is not a directory`);
    await this.makeDirectories(posix.dirname(path));
    await this.call((done) => this.sftp.mkdir(path, done), `create directory ${path}`);
  }

  /** Undefined where nothing is. */
  private stat(path: string): Promise<Stats | undefined> {
    return new Promise((resolve, reject) => {
      this.sftp.stat(path, (error, stats) => {
        const code = error && "code" in error ? error.code : undefined;
        if (!error) resolve(stats);
        else if (code === NO_SUCH_FILE) resolve(undefined);
        else reject(new Error(`failed to stat remote path ${path}: ${error.message}`));
      });
    });
  }

  private call(start: (done: (error?: Error | null) => void) => void, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      start((error) =>
        error ? reject(new Error(`failed to ${what}: ${error.message}`)) : resolve(),
      );
    });
  }
}
