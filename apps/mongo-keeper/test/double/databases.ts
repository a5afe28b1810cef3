/** Databases in memory, behind as much of a client as `restore` uses. */
import { MongoServerError, type Document, type MongoClient } from "mongodb";

interface Collection {
  documents: Document[];
  indexes: string[];
  viewOn?: string;
}

const error = (code: number, message: string) => new MongoServerError({ code, message });

export class Databases {
  /** Whether a collection can be renamed to the name of one that is there. */
  canReplace = true;
  /** How many things were changed, or tried to. */
  steps = 0;
  /** The connection breaks before this one. */
  failAt = Infinity;
  /** How many documents were inserted at once. */
  readonly batches: number[] = [];
  private readonly collections = new Map<string, Collection>();

  put(database: string, name: string, documents: Document[], viewOn?: string): void {
    const collection = { documents, indexes: [], ...(viewOn && { viewOn }) };
    this.collections.set(`${database}.${name}`, collection);
  }

  content(): Record<string, Collection> {
    return Object.fromEntries(this.collections);
  }

  client(): MongoClient {
    const client = { db: (name: string) => this.database(name), close: () => Promise.resolve() };
    return client as unknown as MongoClient;
  }

  private database(database: string) {
    return {
      collection: (name: string) => ({
        insertMany: (documents: Document[]) =>
          this.step(() => {
            this.batches.push(documents.length);
            this.find(`${database}.${name}`).documents.push(...documents);
          }),
        rename: (to: string, { dropTarget = false } = {}) =>
          this.step(() => this.rename(`${database}.${name}`, `${database}.${to}`, dropTarget)),
        drop: () =>
          this.step(() => {
            this.find(`${database}.${name}`);
            this.collections.delete(`${database}.${name}`);
          }),
      }),
      command: (command: Document) => this.step(() => this.run(database, command)),
      listCollections: (filter: { readonly name?: string } = {}) => ({
        toArray: () => {
          const all = [...this.collections].map(([path, { viewOn }]) => {
            const [of, name] = path.split(".");
            return { of, name, type: viewOn === undefined ? "collection" : "view" };
          });
          const own = all.filter(
            ({ of, name }) => of === database && (filter.name ?? name) === name,
          );
          return Promise.resolve(own);
        },
      }),
    };
  }

  private step(change: () => void): Promise<void> {
    this.steps += 1;
    const fails = this.steps === this.failAt;
    return Promise.resolve().then(() => {
      if (fails) throw new Error("the connection broke");
      change();
    });
  }

  private find(path: string): Collection {
    const found = this.collections.get(path);
    if (!found) throw error(26, `ns not found: ${path}`);
    return found;
  }

  private rename(from: string, to: string, dropTarget: boolean): void {
    const collection = this.find(from);
    if (dropTarget && !this.canReplace) throw error(238, "dropTarget is not implemented");
    if (this.collections.get(to)?.viewOn) throw error(166, `${to} is a view`);
    if (!dropTarget && this.collections.has(to)) throw error(48, "target namespace exists");
    this.collections.delete(from);
    this.collections.set(to, collection);
  }

  private run(database: string, command: Document): void {
    const { create, createIndexes, indexes, viewOn } = command as {
      create?: string;
      createIndexes?: string;
      indexes?: readonly { readonly name: string }[];
      viewOn?: string;
    };
    if (create !== undefined) {
      const path = `${database}.${create}`;
      if (this.collections.has(path)) throw error(48, `${path} exists`);
      this.collections.set(path, { documents: [], indexes: [], ...(viewOn && { viewOn }) });
      return;
    }
    if (createIndexes === undefined) throw error(59, "no such command");
    const names = (indexes ?? []).map(({ name }) => name);
    this.find(`${database}.${createIndexes}`).indexes.push(...names);
  }
}
