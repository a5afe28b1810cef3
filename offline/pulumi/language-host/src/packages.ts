import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";

/** An npm package that needs a Pulumi plugin. */
export interface RequiredPackage {
  /** The plugin's name: `docker`. */
  readonly name: string;
  /** With a leading v: `v5.2.0`. */
  readonly version: string;
  /** Where to download the plugin from, if the package says so. */
  readonly server: string;
}

interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly pulumi?: {
    readonly resource?: boolean;
    readonly name?: string;
    readonly version?: string;
    readonly server?: string;
  };
}

/** Finds every package under a directory's `node_modules`, nested ones included, that needs a plugin; by path. */
export function requiredPackages(directory: string): RequiredPackage[] {
  const found: RequiredPackage[] = [];
  const visited = new Set<string>();

  const visitPackage = (folder: string) => {
    const info = readPackageJson(folder);
    const required = info && requirementOf(info);
    if (required) found.push(required);
    visitModules(folder);
  };
  const visitModules = (folder: string) => {
    const modules = join(folder, "node_modules");
    if (!existsSync(modules)) return;
    const real = realpathSync(modules);
    if (visited.has(real)) return;
    visited.add(real);
    for (const name of readdirSync(real).sort()) {
      if (name.startsWith(".")) continue;
      if (!name.startsWith("@")) visitPackage(join(real, name));
      else
        for (const scoped of readdirSync(join(real, name)).sort())
          visitPackage(join(real, name, scoped));
    }
  };

  visitModules(directory);
  return found;
}

/** The program's direct dependencies, or all that are installed, with the versions that are installed. */
export function programDependencies(
  directory: string,
  transitive: boolean,
): { name: string; version: string }[] {
  const info = readPackageJson(directory);
  const direct = Object.keys({ ...info?.dependencies, ...info?.devDependencies });
  const names = transitive ? installedNames(directory) : direct;
  return names.sort().flatMap((name) => {
    const version = installedVersion(directory, name);
    return version === undefined ? [] : [{ name, version }];
  });
}

/** The version of a package in the directory's `node_modules`; undefined if it is not there. */
export function installedVersion(directory: string, name: string): string | undefined {
  return readPackageJson(join(directory, "node_modules", name))?.version;
}

function installedNames(directory: string): string[] {
  const lock = join(directory, "node_modules", ".package-lock.json");
  if (!existsSync(lock)) return [];
  const { packages = {} } = JSON.parse(readFileSync(lock, "utf8")) as {
    packages?: Record<string, unknown>;
  };
  const prefix = "node_modules/";
  return Object.keys(packages)
    .filter((path) => path.startsWith(prefix) && path.lastIndexOf(prefix) === 0)
    .map((path) => path.slice(prefix.length));
}

function readPackageJson(folder: string): PackageJson | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as PackageJson;
  } catch {
    return undefined; // no package, or a broken one: not the program's business
  }
}

function requirementOf({ name, version, pulumi }: PackageJson): RequiredPackage | undefined {
  if (!pulumi?.resource) return undefined;
  // Third parties name their plugin; of Pulumi's own packages the npm name tells it.
  const plugin = pulumi.name ?? (name?.startsWith("@pulumi/") ? name.slice("@pulumi/".length) : "");
  const needed = pulumi.version ?? version ?? "";
  if (!plugin || !needed) return undefined;
  return {
    name: plugin,
    version: needed.startsWith("v") ? needed : `v${needed}`,
    server: pulumi.server ?? "",
  };
}
