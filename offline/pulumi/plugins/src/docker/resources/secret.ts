import type * as docker from "@pulumi/docker";
import type { ResourceModel } from "../../model/model";
import { str } from "../../model/model";
import { labelSet } from "../labels";
import type { EngineResource, Plain } from "../resource";
import { createData, deleteData, readData, refuseNonBase64 } from "./swarmData";

type Args = Plain<docker.SecretArgs>;

const model: ResourceModel<Args> = {
  title: "Secret",
  autonamed: true,
  meta: '{"schema_version":"1"}',
  inputs: {
    data: str({ required: true, secret: true, replaces: true, refuse: refuseNonBase64 }),
    labels: labelSet("replace", { replaces: true }),
    name: str({ replaces: true }),
  },
  outputs: {},
};

/** `docker.Secret`: a swarm secret. The engine never gives its data back. */
export const secret: EngineResource<Args> = {
  model,
  create: async (operation, inputs) => {
    const id = await createData(operation, "secrets", inputs, inputs.data);
    return { id, properties: { name: inputs.name } };
  },
  read: async (operation, id) => {
    const found = await readData(operation, "secrets", id);
    return found && { id: found.ID, properties: { name: found.Spec.Name } };
  },
  delete: (operation, id) => deleteData(operation, "secrets", id),
};
