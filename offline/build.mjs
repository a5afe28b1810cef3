/**
 * Bundles what the Pulumi CLI starts into single executables under dist/: `node build.mjs`.
 * A bundle needs nothing but Node 20 beside it, and starts faster than a tree of modules.
 */
import { chmod } from "node:fs/promises";
import { build } from "esbuild";

/** executable → its entry point */
const executables = {
  "pulumi-resource-docker": "pulumi/plugins/src/docker/main.ts",
  "pulumi-resource-command": "pulumi/plugins/src/command/main.ts",
};

await Promise.all(
  Object.entries(executables).map(async ([name, entry]) => {
    const outfile = `dist/${name}`;
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: "node",
      target: "node20",
      format: "cjs",
      minifySyntax: true,
      minifyWhitespace: true,
      banner: { js: "#!/usr/bin/env node" },
      // Native accelerators of ssh2: it works without them, and they do not fit into one file.
      external: ["cpu-features", "./crypto/build/Release/sshcrypto.node"],
      logLevel: "warning",
    });
    await chmod(outfile, 0o755);
  }),
);
