/**
 * Merges the settings that the system needs into the engine's daemon.json, keeping whatever else is there.
 *
 * Usage: node configure.js FILE [runtime=PATH] [mirror=URL] [without-mirror=URL]
 * Prints "changed" if the file had to be changed and nothing otherwise.
 */
"use strict";
const { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { dirname } = require("node:path");

/** The name under which `docker info` shows the shim. */
const RUNTIME_NAME = "runc-without-sys-resource";

/**
 * @param {Record<string, unknown>} config the present daemon.json
 * @param {{ runtime?: string, mirror?: string, "without-mirror"?: string }} wanted
 * @returns {Record<string, unknown>} the daemon.json that is wanted
 */
function merge(config, wanted) {
  const merged = { ...config };
  // Swarm mode and live-restore exclude each other. Absent means off.
  if (merged["live-restore"]) merged["live-restore"] = false;
  if (wanted.runtime) {
    merged.runtimes = { ...merged.runtimes, [RUNTIME_NAME]: { path: wanted.runtime } };
    merged["default-runtime"] = RUNTIME_NAME;
  }
  if (wanted.mirror) {
    const others = (merged["registry-mirrors"] ?? []).filter((url) => !isOurs(url, wanted.mirror));
    merged["registry-mirrors"] = [wanted.mirror, ...others];
  }
  if (wanted["without-mirror"]) {
    const others = (merged["registry-mirrors"] ?? []).filter(
      (url) => url !== wanted["without-mirror"],
    );
    merged["registry-mirrors"] = others;
  }
  return merged;
}

/** The mirror's port may have changed since; its host is always the default bridge's gateway. */
function isOurs(url, mirror) {
  return new URL(url).hostname === new URL(mirror).hostname;
}

function read(file) {
  if (!existsSync(file)) return {};
  const text = readFileSync(file, "utf8");
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not valid JSON (${error.message}): repair or remove it`);
  }
}

function main([file, ...settings]) {
  const wanted = Object.fromEntries(
    settings.map((setting) => [
      setting.slice(0, setting.indexOf("=")),
      setting.slice(setting.indexOf("=") + 1),
    ]),
  );
  const config = read(file);
  const merged = merge(config, wanted);
  if (JSON.stringify(merged) === JSON.stringify(config)) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(merged, null, 2)}\n`);
  renameSync(`${file}.new`, file);
  console.log("changed");
}

module.exports = { merge, RUNTIME_NAME };

if (require.main === module) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(`error: ${error.message}`);
    process.exit(1);
  }
}
