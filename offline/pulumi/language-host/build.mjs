/** Bundles the language host into one executable, dist/bin/pulumi-language-nodejs: `node pulumi/language-host/build.mjs`. */
import { chmod } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
// A folder of its own, because it is put on PATH: the CLI warns about plugins for resources that it finds there.
const outfile = here("../../dist/bin/pulumi-language-nodejs");

await build({
  entryPoints: [here("src/main.ts")],
  outfile,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  minifySyntax: true,
  minifyWhitespace: true,
  banner: { js: "#!/usr/bin/env node" },
  logLevel: "warning",
});
await chmod(outfile, 0o755);
