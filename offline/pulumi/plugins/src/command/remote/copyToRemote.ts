import type { Context } from "../../protocol/provider";
import { NotSupported } from "../../protocol/provider";
import type { PropertyMap, Value } from "../../protocol/values";
import { SIGNATURE, isMap, revealMap, textOf } from "../../protocol/values";
import { newId } from "../commandResource";
import type { Connection } from "../models";
import { copyModel } from "../models";
import type { CommandResource } from "../resource";
import { dial } from "./connect";
import { RemoteFiles } from "./files";

/** Signatures of assets and archives on the wire. */
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";

/** `command.remote.CopyToRemote`: puts a file, a text or a directory onto another host, over SFTP. */
export const copyToRemote: CommandResource = {
  model: copyModel,

  async create(context, inputs) {
    if (context.preview) return { id: "", properties: inputs };
    await copy(context, inputs);
    return { id: newId(""), properties: inputs };
  },

  async update(context, olds, news) {
    if (!context.preview && hasMoved(olds, news)) await copy(context, news);
    return news;
  },

  // What was copied stays: it may have been there before.
  delete: () => Promise.resolve(),
};

function hasMoved(olds: PropertyMap, news: PropertyMap): boolean {
  const [before, after] = [revealMap(olds), revealMap(news)];
  return hashOf(before.source) !== hashOf(after.source) || before.remotePath !== after.remotePath;
}

function hashOf(source: Value | undefined): Value | undefined {
  return isMap(source) ? source.hash : undefined;
}

async function copy(context: Context, inputs: PropertyMap): Promise<void> {
  const { connection, source, remotePath } = revealMap(inputs);
  if (!isMap(source)) throw new Error("source must be an asset or an archive");
  const open = await dial(connection as unknown as Connection, context);
  try {
    const files = await RemoteFiles.open(open.client);
    await put(files, source, textOf(remotePath));
  } finally {
    open.close();
  }
}

async function put(files: RemoteFiles, source: PropertyMap, remotePath: string): Promise<void> {
  const { path, text, uri, assets } = source;
  const isAsset = source[SIGNATURE] === ASSET;
  if (!isAsset && source[SIGNATURE] !== ARCHIVE) {
    throw new Error("source must be an asset or an archive");
  }
  if (typeof path === "string" && path !== "") return files.putPath(path, remotePath);
  if (isAsset && typeof text === "string") return files.putText(text, remotePath);
  if (!isAsset && isMap(assets)) {
    for (const [name, asset] of Object.entries(assets)) {
      if (isMap(asset)) await put(files, asset, `${remotePath}/${name}`);
    }
    return;
  }
  throw new NotSupported(`copying from ${typeof uri === "string" ? uri : "this kind of source"}`);
}
