import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-fs";
import { packContext } from "../src/docker/image/tar";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "context-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("files keep their modes, whatever this process's umask", async () => {
  const [context, unpacked] = [join(folder, "context"), join(folder, "unpacked")];
  mkdirSync(context);
  for (const [name, mode] of [["Dockerfile", 0o644] as const, ["run", 0o755] as const]) {
    writeFileSync(join(context, name), "");
    chmodSync(join(context, name), mode);
  }
  const umask = process.umask(0o077);
  try {
    const { tar } = packContext(context, join(context, "Dockerfile"));
    process.umask(0);
    await pipeline(tar, extract(unpacked));
  } finally {
    process.umask(umask);
  }
  expect(statSync(join(unpacked, "Dockerfile")).mode & 0o777).toBe(0o644);
  expect(statSync(join(unpacked, "run")).mode & 0o777).toBe(0o755);
});
