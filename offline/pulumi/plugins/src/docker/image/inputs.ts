import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { PropertyMap, Value } from "../../protocol/values";
import { UNKNOWN, hasUnknown, isAbsent, isMap, reveal } from "../../protocol/values";

/** What to build, push and call it. */
export interface ImageInputs {
  readonly imageName: string;
  readonly context: string;
  readonly dockerfile: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly platform?: string;
  readonly cacheFrom: readonly string[];
  readonly addHosts: readonly string[];
  readonly network?: string;
  readonly buildKit: boolean;
  readonly skipPush: boolean;
  readonly registry: {
    readonly server: string;
    readonly username: string;
    readonly password: string;
  };
}

/** What `docker.Image` knows, and what `build` and `registry` know. */
const KNOWN = ["build", "buildOnPreview", "imageName", "registry", "skipPush"];
const KNOWN_IN_BUILD = [
  "addHosts",
  "args",
  "builderVersion",
  "cacheFrom",
  "context",
  "contextDigest",
  "dockerfile",
  "network",
  "platform",
  "target",
];

/** Properties that nobody here knows. */
export function unknownProperties(inputs: PropertyMap): string[] {
  const build = isMap(inputs.build) ? Object.keys(inputs.build) : [];
  return [
    ...Object.keys(inputs).filter((key) => !KNOWN.includes(key)),
    ...build.filter((key) => !KNOWN_IN_BUILD.includes(key)).map((key) => `build.${key}`),
  ];
}

/** Reads inputs whose unknowns, if any, do not matter. */
export function parseImage(inputs: PropertyMap): ImageInputs {
  const plain = reveal(inputs) as PropertyMap;
  const build = isMap(plain.build) ? plain.build : {};
  const registry = isMap(plain.registry) ? plain.registry : {};
  const context = known(build.context) ?? ".";
  const cacheFrom = isMap(build.cacheFrom) ? list(build.cacheFrom.images) : [];
  return {
    imageName: known(plain.imageName) ?? "",
    context,
    dockerfile: known(build.dockerfile) ?? join(context, "Dockerfile"),
    args: strings(build.args),
    target: known(build.target),
    platform: known(build.platform),
    cacheFrom,
    addHosts: list(build.addHosts),
    network: known(build.network),
    buildKit: build.builderVersion !== "BuilderV1",
    skipPush: plain.skipPush === true,
    registry: {
      server: known(registry.server) ?? "",
      username: known(registry.username) ?? "",
      password: known(registry.password) ?? "",
    },
  };
}

/**
 * Says where a Dockerfile should be.
 * @throws with a hint, if there is none at the path given
 */
export function requireDockerfile({ context, dockerfile }: ImageInputs): void {
  if (existsSync(dockerfile)) return;
  if (isAbsolute(dockerfile)) throw new Error(`there is no Dockerfile at "${dockerfile}"`);
  const inContext = join(context, dockerfile);
  const hint = existsSync(inContext) ? `. Try setting \`dockerfile\` to "${inContext}"` : "";
  throw new Error(`could not open dockerfile at relative path "${dockerfile}"${hint}`);
}

/**
 * Refuses a name without a registry where one is needed.
 * @throws if the name is not fully qualified
 */
export function requireQualified(name: string): void {
  const [first = "", ...rest] = name.split("/");
  if (rest.length > 0 && (/[.:]/.test(first) || first === "localhost")) return;
  throw new Error(
    `"${name}": repository name must be canonical.\n` +
      "This resource requires all image names to be fully qualified.\n" +
      "For example, if you are attempting to push to Dockerhub, prefix your image name with `docker.io`:\n\n" +
      "`docker.io/repository/image:tag`",
  );
}

/** An image's name without tag and digest. */
export function repositoryOf(name: string): string {
  const bare = name.split("@", 1)[0] ?? name;
  const colon = bare.indexOf(":", bare.lastIndexOf("/") + 1);
  return colon < 0 ? bare : bare.slice(0, colon);
}

function known(value: Value | undefined): string | undefined {
  return typeof value === "string" && value !== UNKNOWN ? value : undefined;
}

function list(value: Value | undefined): string[] {
  return Array.isArray(value) ? value.flatMap((item) => known(item) ?? []) : [];
}

function strings(value: Value | undefined): Record<string, string> {
  if (!isMap(value)) return {};
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string] => !isAbsent(entry[1]) && !hasUnknown(entry[1]),
  );
  return Object.fromEntries(entries);
}
