import { Client } from "./client";
import type { Config } from "./config";
import { savedObjects, type SavedObject } from "./objects";

/**
 * Brings Kibana's data view, search and dashboard back where they were deleted. What somebody changed in them stays.
 * `_export` and `_import` are the two of Kibana's saved object APIs that are not deprecated
 * (elastic.co/docs/api/doc/kibana/group/endpoint-saved-objects).
 */
export class Kibana {
  private readonly client: Client;

  constructor(config: Pick<Config, "kibana" | "passwords">) {
    const { kibana, passwords } = config;
    this.client = new Client("Kibana", kibana, "elastic", passwords.elastic, {
      "kbn-xsrf": "log-keeper",
    });
  }

  /** @throws Away while Kibana starts */
  async ensure(): Promise<string[]> {
    const missing: SavedObject[] = [];
    for (const object of savedObjects) if (!(await this.has(object))) missing.push(object);
    if (missing.length === 0) return [];
    const lines = missing.map((object) => JSON.stringify(object)).join("\n");
    const form = new FormData();
    form.set("file", new Blob([`${lines}\n`]), "log-keeper.ndjson");
    const { body } = await this.client.ask(
      "POST",
      "/api/saved_objects/_import?overwrite=true",
      form,
    );
    const { success, errors } = body as { success?: boolean; errors?: unknown };
    if (success !== true)
      throw new Error(`Kibana did not take its objects: ${JSON.stringify(errors)?.slice(0, 300)}`);
    return missing.map(({ type, attributes }) => `put back the ${type} "${attributes.title}"`);
  }

  private async has({ type, id }: SavedObject): Promise<boolean> {
    const body = { objects: [{ type, id }], excludeExportDetails: true };
    return (
      (await this.client.ask("POST", "/api/saved_objects/_export", body, [400])).status !== 400
    );
  }
}
