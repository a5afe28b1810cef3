import type * as docker from "@pulumi/docker";
import type { ResourceModel } from "../../model/model";
import { str } from "../../model/model";
import { isAbsent } from "../../protocol/values";
import type { PropertyMap } from "../../protocol/values";
import { fromLabelMap, labelSet } from "../labels";
import type { EngineResource, Plain } from "../resource";
import { createData, deleteData, readData, refuseNonBase64 } from "./swarmData";

type Args = Plain<docker.ServiceConfigArgs>;

const model: ResourceModel<Args> = {
  title: "ServiceConfig",
  autonamed: true,
  inputs: {
    data: str({ replaces: true, refuse: refuseNonBase64 }),
    dataRaw: str({ replaces: true }),
    labels: labelSet("replace", { replaces: true }),
    name: str({ replaces: true }),
  },
  outputs: {},
  rules: ({ data, dataRaw }) =>
    isAbsent(data) === isAbsent(dataRaw)
      ? ["exactly one of 'data' and 'dataRaw' must be given"]
      : [],
};

/** `docker.ServiceConfig`: a swarm config. */
export const serviceConfig: EngineResource<Args> = {
  model,
  create: async (operation, inputs) => {
    const data = inputs.data ?? Buffer.from(inputs.dataRaw ?? "").toString("base64");
    const id = await createData(operation, "configs", inputs, data);
    return { id, properties: { name: inputs.name } };
  },
  read: async (operation, id, prior) => {
    const found = await readData(operation, "configs", id);
    return (
      found && {
        id: found.ID,
        properties: {
          name: found.Spec.Name,
          labels: fromLabelMap(found.Spec.Labels),
          ...dataOf(found.Spec.Data ?? "", prior),
        },
      }
    );
  },
  delete: (operation, id) => deleteData(operation, "configs", id),
};

/** The data under the name by which the program gave it. */
function dataOf(base64: string, prior: PropertyMap): PropertyMap {
  return isAbsent(prior.dataRaw)
    ? { data: base64 }
    : { dataRaw: Buffer.from(base64, "base64").toString("utf8") };
}
