/** The engine's side: files of JSON lines, written and rotated as the json-file driver does. */
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Engine {
  private readonly root = mkdtempSync(join(tmpdir(), "log-shipper-"));
  readonly containers = join(this.root, "containers");
  readonly checkpoint = join(this.root, "positions.json");
  private clock = Date.parse("2026-11-21T12:00:00Z");

  constructor() {
    mkdirSync(this.containers);
  }

  /** Writes lines, each with a time of its own. */
  write(container: string, ...texts: string[]): void {
    for (const text of texts) this.writeRaw(container, `${this.entry(`${text}\n`)}\n`);
  }

  writeRaw(container: string, bytes: string): void {
    const folder = join(this.containers, container);
    mkdirSync(folder, { recursive: true });
    appendFileSync(this.file(container), bytes);
  }

  /** A line as the driver writes it. */
  entry(log: string): string {
    const time = new Date(this.clock++).toISOString().replace("Z", "000001Z");
    const attrs = {
      "com.docker.swarm.service.name": "proxy",
      "com.docker.swarm.task.name": "proxy.1.xyz",
    };
    return JSON.stringify({ log, stream: "stdout", attrs, time });
  }

  /** The file becomes `.1`, `.1` becomes `.2`, and what was `.2` is deleted. */
  rotate(container: string): void {
    const file = this.file(container);
    try {
      renameSync(`${file}.1`, `${file}.2`);
    } catch {
      // There is none yet.
    }
    renameSync(file, `${file}.1`);
  }

  removeContainer(container: string): void {
    rmSync(join(this.containers, container), { recursive: true });
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }

  private file(container: string): string {
    return join(this.containers, container, `${container}-json.log`);
  }
}
