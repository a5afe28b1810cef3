/** What Pulumi.yaml's `runtime.options` may say to the Node language host. */
export interface RuntimeOptions {
  /** Whether TypeScript is loaded as it is, through ts-node. Default true. */
  readonly typescript: boolean;
  /** Path of a tsconfig.json other than the program directory's own. */
  readonly tsconfig?: string;
  /** Arguments for `node` itself. */
  readonly nodeArgs: readonly string[];
}

const PACKAGE_MANAGERS = ["auto", "npm"];

/**
 * Reads the options as the CLI hands them over.
 * @throws if one has the wrong type, or names a package manager that is not supported here
 */
export function parseOptions(options: Readonly<Record<string, unknown>>): RuntimeOptions {
  const { typescript = true, tsconfig, nodeargs = "", packagemanager = "auto" } = options;
  if (typeof typescript !== "boolean") throw new Error("typescript option must be a boolean");
  if (tsconfig !== undefined && typeof tsconfig !== "string") {
    throw new Error("tsconfigpath option must be a string");
  }
  if (typeof nodeargs !== "string") throw new Error("nodeargs option must be a string");
  if (typeof packagemanager !== "string") throw new Error("packagemanager option must be a string");
  if (!PACKAGE_MANAGERS.includes(packagemanager)) {
    throw new Error(
      `packagemanager "${packagemanager}" is not supported by the offline language host: use npm`,
    );
  }
  return {
    typescript,
    ...(tsconfig ? { tsconfig } : {}),
    nodeArgs: splitArguments(nodeargs),
  };
}

/** Splits as a shell does, as far as quotes go: `--title='a b' -r x` has two arguments before `x`. */
export function splitArguments(line: string): string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) =>
    word.replace(
      /'([^']*)'|"([^"]*)"/g,
      (_all, single: string, double: string) => single ?? double,
    ),
  );
}
