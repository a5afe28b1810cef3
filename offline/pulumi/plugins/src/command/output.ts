/** What a command printed, without the newline at its end. */
export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** Which of a command's streams are shown while it runs. */
export type Logging = "stdout" | "stderr" | "stdoutAndStderr" | "none";

/** Gathers what a command prints, and shows it line by line. */
export class OutputCollector {
  private readonly chunks: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
  private readonly both: Buffer[] = [];
  private readonly partial: Record<"stdout" | "stderr", string> = { stdout: "", stderr: "" };

  /** @param show is told each line that is to be seen */
  constructor(
    private readonly logging: Logging | undefined,
    private readonly show: (line: string) => void,
  ) {}

  /** Takes what came on one stream. */
  take(stream: "stdout" | "stderr", chunk: Buffer): void {
    this.chunks[stream].push(chunk);
    this.both.push(chunk);
    const logging = this.logging ?? "stdoutAndStderr";
    if (logging !== stream && logging !== "stdoutAndStderr") return;
    const lines = (this.partial[stream] + chunk.toString("utf8")).split("\n");
    this.partial[stream] = lines.pop() ?? "";
    for (const line of lines) this.show(line);
  }

  /** Shows what came without a newline at its end, and gives everything. */
  end(): CommandOutput {
    for (const stream of ["stdout", "stderr"] as const) {
      if (this.partial[stream] !== "") this.show(this.partial[stream]);
    }
    const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString("utf8").replace(/\n$/, "");
    return { stdout: text(this.chunks.stdout), stderr: text(this.chunks.stderr) };
  }

  /** An error for a command that failed: why, which, and what it printed. */
  failure(why: string, command: string): Error {
    const printed = Buffer.concat(this.both).toString("utf8");
    return new Error(`${why}: running ${JSON.stringify(command)}:\n${printed}`);
  }
}

/** The output of the run before, under the names by which the next one may read it. */
export function previousOutput(previous: Partial<CommandOutput>): Record<string, string> {
  return {
    ...(previous.stdout ? { PULUMI_COMMAND_STDOUT: previous.stdout } : {}),
    ...(previous.stderr ? { PULUMI_COMMAND_STDERR: previous.stderr } : {}),
  };
}
