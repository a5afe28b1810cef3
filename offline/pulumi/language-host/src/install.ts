import { spawn } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** Takes a chunk of a command's output. */
export type Sink = (chunk: Buffer) => void;

/**
 * Installs a program's npm dependencies: exactly what package-lock.json says, where there is one.
 * @throws if npm fails
 */
export async function installDependencies(
  directory: string,
  stdout: Sink,
  stderr: Sink,
  cancel: AbortSignal,
): Promise<void> {
  const command = existsSync(join(directory, "package-lock.json")) ? "ci" : "install";
  const npm = spawn("npm", [command, "--loglevel=error"], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"],
    signal: cancel,
  });
  npm.stdout.on("data", stdout);
  npm.stderr.on("data", stderr);
  await new Promise<void>((resolve, reject) => {
    npm.once("error", reject);
    npm.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`npm ${command} failed with exit code ${code}`)),
    );
  });
}

/** The version of the npm on PATH, without starting it; undefined if it cannot be told. */
export function npmVersion(path = process.env["PATH"] ?? ""): string | undefined {
  for (const folder of path.split(delimiter)) {
    const npm = join(folder, "npm");
    if (!existsSync(npm)) continue;
    try {
      const file = join(dirname(dirname(realpathSync(npm))), "package.json");
      const { name, version } = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
      return name === "npm" ? version : undefined;
    } catch {
      return undefined;
    }
  }
  return undefined;
}
