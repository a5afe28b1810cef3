/** The processor time that a service takes. */
import { docker, lines } from "../../test/e2e/support/engine";

/**
 * What the containers of a service have used since they started, in microseconds, by their control groups (of version 1 or 2).
 * @param machines the containers that its tasks are in
 * @throws Error where no task of it runs
 */
export async function cpuOf(machines: readonly string[], service: string): Promise<number> {
  const filter = `label=com.docker.swarm.service.name=${service}`;
  const script = `for id in $(docker container ls --quiet --no-trunc --filter ${filter}); do
    cat /sys/fs/cgroup/cpuacct/docker/$id/cpuacct.usage 2>/dev/null ||
      sed -n 's/^usage_usec \\(.*\\)/\\1000/p' /sys/fs/cgroup/docker/$id/cpu.stat
  done`;
  const found = await Promise.all(
    machines.map((machine) => docker("exec", machine, "sh", "-c", script)),
  );
  const nanoseconds = found.flatMap(lines).map(Number);
  if (nanoseconds.length === 0) throw new Error(`no task of ${service} runs`);
  return nanoseconds.reduce((sum, value) => sum + value, 0) / 1000;
}
