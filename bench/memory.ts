/** The memory that a stack's containers take, as their control groups count it. */
import { Client } from "undici";
import { containers } from "../test/e2e/support/engine";

/** As the engine reports it: control groups of version 1 prefix hierarchical sums with `total_`. */
interface MemoryStats {
  readonly usage: number;
  readonly stats: Readonly<Record<string, number>>;
}

export interface Memory {
  /** Without any page cache: what the machines, the edge and the registry need. */
  readonly memoryMiB: number;
  /** Without what was not read lately: the working set as `docker stats` shows it. */
  readonly memoryWithActiveFilesMiB: number;
}

const MEBIBYTE = 2 ** 20;

/** The sum over the stack's containers: machines with everything inside, edge and registry. */
export async function memoryOf(stack: string): Promise<Memory> {
  const engine = new Client("http://localhost", { socketPath: "/var/run/docker.sock" });
  const sums = { memoryMiB: 0, memoryWithActiveFilesMiB: 0 };
  for (const { Id } of (await containers(stack)).values()) {
    const path = `/containers/${Id}/stats?stream=false&one-shot=true`;
    const { body } = await engine.request({ method: "GET", path });
    const { memory_stats: memory } = (await body.json()) as { memory_stats: MemoryStats };
    const cache = memory.stats["total_cache"] ?? memory.stats["file"] ?? NaN;
    const inactive = memory.stats["total_inactive_file"] ?? memory.stats["inactive_file"] ?? NaN;
    sums.memoryMiB += (memory.usage - cache) / MEBIBYTE;
    sums.memoryWithActiveFilesMiB += (memory.usage - inactive) / MEBIBYTE;
  }
  await engine.close();
  return sums;
}
