import type { RegistryCredentials } from "../auth";
import { authHeader, hostOf, registryOf } from "../auth";
import type { ProgressMessage } from "../engine/progress";
import { followProgress } from "../engine/progress";
import type { ImageInspect } from "../engine/types";
import type { Operation } from "../resource";
import type { ImageInputs } from "./inputs";
import { repositoryOf } from "./inputs";
import { packContext } from "./tar";
import { traceLines } from "./trace";

/**
 * Builds an image and, unless told otherwise, pushes it.
 * @returns what the state calls `repoDigest`: the pushed manifest under the push address, or else the image's id
 */
export async function buildAndPush(operation: Operation, image: ImageInputs): Promise<string> {
  for (const name of image.cacheFrom) await pullForCache(operation, image, name);
  const id = await build(operation, image);
  return image.skipPush ? id : push(operation, image);
}

/** A cache that cannot be had only makes the build slower. */
async function pullForCache(operation: Operation, image: ImageInputs, name: string): Promise<void> {
  const { engine, context } = operation;
  context.status(`Pulling cached image ${name}`);
  try {
    const stream = await engine.stream({
      method: "POST",
      path: "/images/create",
      query: { fromImage: name, platform: image.platform },
      headers: authHeader(credentialsFor(operation, image, name)),
      signal: context.signal,
    });
    await followProgress(stream, tell(operation));
  } catch (error) {
    if (context.signal.aborted) throw error;
    context.log(`cacheFrom image ${name} not available: ${String(error)}`);
  }
}

async function build(operation: Operation, image: ImageInputs): Promise<string> {
  const { engine, context } = operation;
  context.status("Starting Docker build");
  const { tar, dockerfile } = packContext(image.context, image.dockerfile);
  const stream = await engine.stream({
    method: "POST",
    path: "/build",
    query: {
      t: image.imageName,
      dockerfile,
      version: image.buildKit ? "2" : "1",
      rm: true,
      target: image.target,
      platform: image.platform,
      buildargs: image.args,
      cachefrom: image.cacheFrom.length > 0 ? image.cacheFrom : undefined,
      extrahosts: image.addHosts.length > 0 ? image.addHosts.join("\n") : undefined,
      networkmode: image.network,
    },
    headers: registryConfig(operation, image),
    body: tar,
    signal: context.signal,
  });
  let id = "";
  const show = tell(operation);
  await followProgress(stream, (message) => {
    if (isAux(message.aux, "ID")) id = message.aux.ID;
    show(message);
  });
  if (id === "") throw new Error("no image id found in build output");
  return id;
}

async function push(operation: Operation, image: ImageInputs): Promise<string> {
  const { engine, context } = operation;
  context.status("Pushing Image to the registry");
  const repository = repositoryOf(image.imageName);
  const tag = image.imageName.slice(repository.length + 1) || "latest";
  const stream = await engine.stream({
    method: "POST",
    path: `/images/${repository}/push`,
    query: { tag },
    headers: authHeader(credentialsFor(operation, image, image.imageName)),
    signal: context.signal,
  });
  let digest = "";
  const show = tell(operation);
  await followProgress(stream, (message) => {
    if (isAux(message.aux, "Digest")) digest = message.aux.Digest;
    show(message);
  });
  if (digest !== "") return `${repository}@${digest}`;

  context.log("the push reported no digest; taking the one that the engine recorded", "warning");
  const found = await engine.json<ImageInspect>({
    method: "GET",
    path: `/images/${image.imageName}/json`,
    signal: context.signal,
  });
  const recorded = (found.RepoDigests ?? []).find((name) => name.startsWith(`${repository}@`));
  if (recorded === undefined) throw new Error(`no digest of ${image.imageName} after its push`);
  return recorded;
}

/** The image's own credentials, else the provider's. */
function credentialsFor(
  { auth }: Operation,
  { registry }: ImageInputs,
  name: string,
): RegistryCredentials {
  if (!registry.username || !registry.password) return auth.forImage(name);
  const { username, password, server } = registry;
  return { username, password, serveraddress: server === "" ? registryOf(name) : hostOf(server) };
}

/** What the engine's first builder needs to pull base images of a private registry. */
function registryConfig(operation: Operation, image: ImageInputs): Record<string, string> {
  const credentials = credentialsFor(operation, image, image.imageName);
  if (!credentials.serveraddress) return {};
  const config = JSON.stringify({ [credentials.serveraddress]: credentials });
  return { "X-Registry-Config": Buffer.from(config).toString("base64url") };
}

/** Shows a stream's lines as progress. */
function tell({ context }: Operation): (message: ProgressMessage) => void {
  return (message) => {
    if (message.id === "moby.buildkit.trace") {
      for (const line of traceLines(message.aux)) context.status(line);
      return;
    }
    const text = (message.stream ?? message.status ?? "").trim();
    if (text !== "" && message.progress === undefined) context.status(text);
  };
}

function isAux<K extends string>(aux: unknown, key: K): aux is Record<K, string> {
  return typeof aux === "object" && aux !== null && key in aux;
}
